"""The targets, and whether figures meet them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.figures import Figures, Round
from bench.plan import (
    ADD,
    ADD_ALONE,
    ADD_MANY,
    FASTMCP,
    FASTMCP_OLDER,
    LIMIT,
    LIST,
    MANY,
    OURS,
    OURS_OLDER,
    OURS_TWICE,
    TOOLS,
    TYPESCRIPT,
    Candidate,
    Scenario,
)
from bench.sizes import REQUESTS

Value = Callable[[Figures], float | None]
"""Computes the value that is compared with the target; None if the figures lack it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target: `bound` is the least or, with `at_most`, the most that meets it."""

    what: str
    value: Value
    bound: float
    unit: str
    at_most: bool = False

    @property
    def wanted(self) -> str:
        """Return the target in words."""
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target with the measured value; value and verdict are None if it was not measured."""

    target: Target
    value: float | None
    met: bool | None

    @property
    def measured(self) -> str:
        """Return the value in words."""
        return "not measured" if self.value is None else f"{self.value:.2f}{self.target.unit}"

    @property
    def answer(self) -> str:
        """Return in words whether it is met."""
        return "" if self.met is None else "yes" if self.met else "**no**"


def judge(figures: Figures) -> Sequence[Verdict]:
    """Return the verdict on every target."""
    return [_judge(target, figures) for target in TARGETS]


def _judge(target: Target, figures: Figures) -> Verdict:
    value = target.value(figures)
    if value is None:
        return Verdict(target, None, None)
    return Verdict(target, value, value <= target.bound if target.at_most else value >= target.bound)


def relative(rounds: Sequence[Round], name: str, others: Sequence[str], field: str = "rate") -> list[float]:
    """Return a candidate's figure divided by the highest of the others', by round; empty if one is missing.

    Within a round all run under the same conditions; from round to round a shared machine changes.
    """
    if not all({name, *others} <= each.keys() for each in rounds):
        return []
    return [getattr(each[name], field) / max(getattr(each[other], field) for other in others) for each in rounds]


def _ratio(scenario: Scenario, candidate: Candidate, *others: Candidate, field: str = "rate") -> Value:
    def value(figures: Figures) -> float | None:
        rounds = figures.loads.get(scenario.title, [])
        return _middle(relative(rounds, candidate.name, [each.name for each in others], field))

    return value


def _workers(scenario: Scenario) -> Value:
    """Compare what two workers could do with what one could if each had a processor, by CPU per request."""

    def value(figures: Figures) -> float | None:
        found = relative(figures.loads.get(scenario.title, []), OURS.name, [OURS_TWICE.name], "server_cpu")
        return _middle([2 * each for each in found])

    return value


def _many(figures: Figures) -> float | None:
    """Return the time of a call with 100 items relative to a call with one."""
    many, one = (figures.loads.get(scenario.title, []) for scenario in (ADD_MANY, ADD_ALONE))
    return _middle([each[OURS.name].p50 / beside[OURS.name].p50 for each, beside in zip(many, one, strict=False)])


def _growth(title: str) -> Value:
    """Compare the time of a call at the worst size with that at the first, by the rates under the same load."""

    def value(figures: Figures) -> float | None:
        rounds = figures.loads.get(title, [])
        if not rounds:
            return None
        first, *larger = rounds[0]
        return max(median(relative(rounds, first, [name])) for name in larger)

    return value


def _last_memory(figures: Figures) -> float | None:
    return figures.memory[-1].mebibytes if _is_complete(figures) else None


def _memory_growth(figures: Figures) -> float | None:
    """Return the growth over the second half of the requests, in per cent."""
    if not _is_complete(figures):
        return None
    last = figures.memory[-1]
    middle = min(figures.memory, key=lambda each: abs(each.requests - last.requests / 2))
    return (last.mebibytes / middle.mebibytes - 1) * 100


def _is_complete(figures: Figures) -> bool:
    # 16 connections share the requests evenly, so a few are missing.
    return bool(figures.memory) and figures.memory[-1].requests >= REQUESTS * 0.99


def _start(figures: Figures) -> float | None:
    return _middle(figures.starts)


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


_FASTMCPS: Final = (FASTMCP, FASTMCP_OLDER)
TARGETS: Final = (
    Target("`add_items`, rate, of the limit", _ratio(ADD, OURS, LIMIT), 0.4, ""),
    Target("`list_items`, rate, of the limit", _ratio(LIST, OURS, LIMIT), 0.4, ""),
    Target("`add_items`, rate, of FastMCP in its faster mode", _ratio(ADD, OURS, *_FASTMCPS), 4, "x"),
    Target("`list_items`, rate, of FastMCP in its faster mode", _ratio(LIST, OURS, *_FASTMCPS), 4, "x"),
    Target("`add_items`, rate, of the TypeScript SDK", _ratio(ADD, OURS, TYPESCRIPT), 2, "x"),
    Target("`list_items`, rate, of the TypeScript SDK", _ratio(LIST, OURS, TYPESCRIPT), 2, "x"),
    Target("`add_items`, p99, of the limit", _ratio(ADD, OURS, LIMIT, field="p99"), 3, "x", at_most=True),
    Target("`list_items`, p99, of the limit", _ratio(LIST, OURS, LIMIT, field="p99"), 3, "x", at_most=True),
    Target("`add_items` of a 2025-11-25 client, rate, of the limit", _ratio(ADD, OURS_OLDER, LIMIT), 0.25, ""),
    Target("`list_items` of a 2025-11-25 client, rate, of the limit", _ratio(LIST, OURS_OLDER, LIMIT), 0.25, ""),
    Target("`tools/list`, rate, of the limit", _ratio(TOOLS, OURS, LIMIT), 0.5, ""),
    Target(f"`add_items` with {MANY} items, time, of one item's", _many, 12, "x", at_most=True),
    *(
        Target(f"`{operation}`, time, as {what} grow", _growth(f"{operation} as {what} grow"), 1.3, "x", at_most=True)
        for operation in ("list_items", "add_items")
        for what in ("households", "lists")
    ),
    Target("`add_items`, two workers, of one by CPU", _workers(ADD), 1.6, "x"),
    Target("`list_items`, two workers, of one by CPU", _workers(LIST), 1.6, "x"),
    Target(f"memory of a worker after {REQUESTS:,} requests", _last_memory, 130, " MiB", at_most=True),
    Target("memory, growth over the second half of them", _memory_growth, 2, " %", at_most=True),
    Target("`make run` to the first answer", _start, 5, " s", at_most=True),
)
