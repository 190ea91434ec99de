"""The table of results: medians over the rounds, and how each candidate compares with the limit."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from bench.load import Measured
from bench.plan import Scenario

Round = dict[str, Measured]
"""What each candidate of a scenario did in one round, by its name."""

HEADINGS: Final = ("req/s", "of limit", "CPU us", "of limit", "Postgres us", "p50 ms", "p99 ms", "of limit")
EXPLANATION: Final = (
    "req/s: successful requests a second. CPU us: of the server, per request; Postgres us: of PostgreSQL.\n"
    'Medians of the rounds. "of limit": the column before it divided by the limit\'s of the same round.'
)
WIDTH: Final = 12


def table(scenario: Scenario, rounds: Sequence[Round]) -> str:
    """The lines of one scenario: a heading, then a row for each candidate, the limit first."""
    connections = "1 connection" if scenario.connections == 1 else f"{scenario.connections} connections"
    lines = [_line(f"{scenario.operation}, {connections}", HEADINGS)]
    limit = scenario.candidates[0].name
    lines += [_line(f"  {candidate.name}", _row(candidate.name, limit, rounds)) for candidate in scenario.candidates]
    return "\n".join(lines)


def _row(name: str, limit: str, rounds: Sequence[Round]) -> Sequence[str]:
    def middle(field: str) -> float:
        return median(getattr(each[name], field) for each in rounds)

    def ratio(field: str) -> str:
        # Within a round both ran under the same conditions; from round to round a shared machine changes.
        ratios = [getattr(each[name], field) / getattr(each[limit], field) for each in rounds]
        return f"{median(ratios):.2f}"

    return (
        f"{middle('rate'):,.0f}",
        ratio("rate"),
        f"{middle('server_cpu'):,.0f}",
        ratio("server_cpu"),
        f"{middle('postgres_cpu'):,.0f}",
        f"{middle('p50'):.2f}",
        f"{middle('p99'):.2f}",
        ratio("p99"),
    )


def _line(title: str, cells: Sequence[str]) -> str:
    return f"{title:<28}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
