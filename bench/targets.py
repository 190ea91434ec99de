"""The targets, and whether figures meet them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.figures import Figures, Round
from bench.plan import (
    ADD,
    ADD_ALONE,
    ADD_NEW,
    BESIDE,
    CHECK,
    FIRST,
    LIMIT,
    LIST,
    MANY,
    MERGE,
    OURS,
    OURS_MANY,
    OURS_OLDER,
    OURS_TWICE,
    PEERS,
    REMOVE,
    REMOVED,
    SECOND,
    SILENCE,
    TOOLS,
    UPDATE,
    Candidate,
    Scenario,
)
from bench.sizes import REQUESTS, growth_title

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
        return "" if self.met is None else "met" if self.met else "**missed**"


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


def _worst_wait(figures: Figures) -> float | None:
    rounds = figures.loads.get(REMOVE.title)
    if not rounds:
        return None
    return max(median(each[beside.name].worst for each in rounds) for beside in BESIDE)


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


def _named(scenario: Scenario) -> str:
    """Return the title with its first word, a tool, as code."""
    tool, *rest = scenario.title.split(" ")
    return " ".join([f"`{tool.rstrip(',')}`{',' if tool.endswith(',') else ''}", *rest])


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


RATES: Final = ((ADD, 0.42), (ADD_NEW, 0.4), (MERGE, 0.25), (LIST, 0.65), (CHECK, 0.35), (UPDATE, 0.35), (TOOLS, 2))
"""The least rate of each scenario, of the limit's."""

LATENCIES: Final = ((ADD, 3), (LIST, 2))
OF_PEERS: Final = 2.5
OF_OLDER: Final = 0.9
MOST_GROWTH: Final = 1.3
MOST_MEMORY: Final = 120

TARGETS: Final = (
    *(Target(f"{_named(each)}, rate, of the limit", _ratio(each, OURS, LIMIT), least, "") for each, least in RATES),
    *(
        Target(f"{_named(each)}, p99, of the limit", _ratio(each, OURS, LIMIT, field="p99"), most, "x", at_most=True)
        for each, most in LATENCIES
    ),
    *(
        Target(f"{_named(each)} of a 2025-11-25 client, rate, of the newer one", value, OF_OLDER, "")
        for each in (ADD, MERGE, LIST, CHECK, UPDATE)
        for value in (_ratio(each, OURS_OLDER, OURS),)
    ),
    *(
        Target(f"{_named(each)}, rate, of the better peer (goal 4x)", _ratio(each, OURS, *PEERS), OF_PEERS, "x")
        for each in (ADD, LIST)
    ),
    Target(
        "first call after 2 s of silence, CPU, of the second",
        _ratio(SILENCE, FIRST, SECOND, field="server_cpu"),
        1.3,
        "x",
        at_most=True,
    ),
    Target(
        f"`add_items` with {MANY} items, time, of one item's",
        _ratio(ADD_ALONE, OURS_MANY, OURS, field="p50"),
        12,
        "x",
        at_most=True,
    ),
    Target(
        f"worst wait of others while a call removes {REMOVED:,} items, or undoes that",
        _worst_wait,
        100,
        " ms",
        at_most=True,
    ),
    *(
        Target(
            f"`{operation}`, time, as {what} grow",
            _growth(growth_title(operation, what)),
            MOST_GROWTH,
            "x",
            at_most=True,
        )
        for operation in ("list_items", "add_items")
        for what in ("households", "lists")
    ),
    *(Target(f"{_named(each)}, two workers, of one by CPU", _workers(each), 1.6, "x") for each in (ADD, LIST)),
    Target(f"memory of a worker after {REQUESTS:,} requests", _last_memory, MOST_MEMORY, " MiB", at_most=True),
    Target("memory, growth over the second half of them", _memory_growth, 2, " %", at_most=True),
    Target("`make run` to the first answer", _start, 5, " s", at_most=True),
)
