"""What is measured under load: the calls, who answers them, and over how many connections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

Operation = Literal["add_items", "list_items", "check_items", "tools/list"]
Dialect = Literal["plain", "2026-07-28", "2025-11-25"]
"""How a request is written: a plain JSON POST, or MCP of a protocol revision."""

HOUSEHOLDS: Final = 16
"""Each connection has its own person and household, because writers to the same household queue."""

OPEN_ITEMS: Final = 50
MOST_ADDED: Final = 9_000
"""The most items added per connection and run, so that no list gets full."""


class Call(BaseModel):
    """A request: an operation in a dialect. Peers and the limit take items in parts, the service takes phrases."""

    model_config = ConfigDict(frozen=True)

    operation: Operation
    dialect: Dialect
    items: int = 1
    """The number of items that one `add_items` adds."""
    phrases: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server to measure, called in a dialect by a group of people (by default those of the scenario)."""

    name: str
    server: str
    dialect: Dialect
    phrases: bool = False
    people: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation over a number of connections; the other candidates are compared with the first."""

    title: str
    operation: Operation
    connections: int
    candidates: Sequence[Candidate]
    items: int = 1

    def call(self, candidate: Candidate) -> Call:
        """Return the request that a candidate gets."""
        return Call(operation=self.operation, dialect=candidate.dialect, items=self.items, phrases=candidate.phrases)


LIMIT: Final = Candidate("limit", "limit", "plain")
OURS: Final = Candidate("ours, 2026-07-28", "ours", "2026-07-28", phrases=True)
OURS_OLDER: Final = Candidate("ours, 2025-11-25", "ours", "2025-11-25", phrases=True)
OURS_TWICE: Final = Candidate("ours, 2 workers", "ours, 2 workers", "2026-07-28", phrases=True)
# Stateless HTTP with JSON answers is its faster mode; which protocol revision is faster depends on the operation.
FASTMCP: Final = Candidate("FastMCP, 2026-07-28", "FastMCP", "2026-07-28")
FASTMCP_OLDER: Final = Candidate("FastMCP, 2025-11-25", "FastMCP", "2025-11-25")
# It answers the older revision with event streams only.
TYPESCRIPT: Final = Candidate("TypeScript SDK", "TypeScript", "2026-07-28")

EVERYBODY: Final = (LIMIT, OURS, OURS_OLDER, FASTMCP, FASTMCP_OLDER, TYPESCRIPT)
ADD: Final = Scenario("add_items, 16 connections", "add_items", HOUSEHOLDS, (*EVERYBODY, OURS_TWICE))
LIST: Final = Scenario("list_items, 16 connections", "list_items", HOUSEHOLDS, (*EVERYBODY, OURS_TWICE))
CHECK: Final = Scenario("check_items, 16 connections", "check_items", HOUSEHOLDS, (LIMIT, OURS, OURS_OLDER))
TOOLS: Final = Scenario("tools/list, 16 connections", "tools/list", HOUSEHOLDS, (LIMIT, OURS, OURS_OLDER))
ADD_ALONE: Final = Scenario("add_items, 1 connection", "add_items", 1, EVERYBODY)
LIST_ALONE: Final = Scenario("list_items, 1 connection", "list_items", 1, EVERYBODY)
MANY: Final = 100
ADD_MANY: Final = Scenario(f"add_items of {MANY} items, 1 connection", "add_items", 1, (OURS,), items=MANY)

COMPARISONS: Final = (ADD, LIST, CHECK, TOOLS, ADD_ALONE, LIST_ALONE, ADD_MANY)
