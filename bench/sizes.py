"""How much is measured: sizes that grow, and the length of runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench.plan import OURS, Candidate, Operation, Scenario

GROWTH: Final = "growth"
GROWTH_CONNECTIONS: Final = 8
LONGEST_LIST: Final = 10_000
"""The most items that a list may hold."""

REQUESTS: Final = 100_000
"""The number of requests after which memory is judged."""

ROOM: Final = 1_000
"""What is left free on the longest list for the items that runs add."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a full run, or of a quick one that only shows that everything works."""

    rounds: int
    seconds: float
    households: Sequence[int]
    items: Sequence[int]
    memory_requests: int
    silent_people: int
    silences: int
    """How often the people fall silent in a run."""

    @property
    def most_added(self) -> int:
        """The most adds per connection and run on the longest list; a run's warm-up adds a tenth of that."""
        return min(250, ROOM * 10 // 11 // self.rounds)

    @property
    def growth(self) -> Sequence[Scenario]:
        """Return the scenarios whose households multiply or whose lists grow; the first size is the measure."""
        by_household = [_sized(households_name(number), households_name(number)) for number in self.households]
        by_item = [_sized(items_name(number), OURS.server) for number in self.items]
        operations: Sequence[Operation] = ("list_items", "add_items")
        return [
            Scenario(GROWTH, growth_title(operation, what), operation, candidates, connections=GROWTH_CONNECTIONS)
            for what, candidates in (("households", by_household), ("lists", by_item))
            for operation in operations
        ]


def growth_title(operation: Operation, what: str) -> str:
    """Return the title of the scenario in which `what` grow."""
    return f"{operation} as {what} grow"


def households_name(number: int) -> str:
    """Return the name of a database with a number of households."""
    return f"{number:,} households"


def items_name(number: int) -> str:
    """Return the name of lists with a number of items."""
    return f"{number:,} items"


def _sized(name: str, server: str) -> Candidate:
    return replace(OURS, name=name, server=server, people=name)


def full_sizes(rounds: int, seconds: float) -> Sizes:
    """Return the sizes that docs/benchmarks.md shows."""
    return Sizes(rounds, seconds, (10, 1_000, 10_000), (100, 1_000, LONGEST_LIST - ROOM), REQUESTS, 256, 3)


QUICK: Final = Sizes(1, 0.2, (10, 20, 40), (60, 80, 100), 640, 16, 1)
