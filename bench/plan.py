"""What is measured: the operations, who does them, and over how many connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Operation = Literal["add_items", "list_items", "tools/list"]
Dialect = Literal["plain", "2026-07-28", "2025-11-25"]
"""How a request is written: a plain JSON POST, or MCP of a protocol revision."""

ServerName = Literal["limit", "ours"]

HOUSEHOLDS: Final = 16
"""Each connection has a person and a household of its own, as different people do: writers to one household queue."""

OPEN_ITEMS: Final = 50
MOST_ADDS: Final = 9_000
"""Adds per connection and run, so that no list gets full."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One who does the work: a server, spoken to in a dialect."""

    name: str
    server: ServerName
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation under one number of connections; the first candidate is the limit of the others."""

    operation: Operation
    connections: int
    candidates: Sequence[Candidate]


LIMIT: Final = Candidate("limit", "limit", "plain")
OURS: Final = Candidate("ours, 2026-07-28", "ours", "2026-07-28")
OURS_OLDER: Final = Candidate("ours, 2025-11-25", "ours", "2025-11-25")

WHO_DOES_WHAT: Final[Mapping[Operation, Sequence[Candidate]]] = {
    "add_items": (LIMIT, OURS, OURS_OLDER),
    "list_items": (LIMIT, OURS, OURS_OLDER),
    "tools/list": (LIMIT, OURS),
}
SCENARIOS: Final = tuple(
    Scenario(operation, connections, candidates)
    for connections in (HOUSEHOLDS, 1)
    for operation, candidates in WHO_DOES_WHAT.items()
)
