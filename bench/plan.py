"""What is measured under load: the calls, who answers them, and over how many connections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

Operation = Literal["add_items", "merge_items", "list_items", "check_items", "update_items", "tools/list"]
"""What a request does. Merging is a call of `add_items` for an item that is on the list already."""

Dialect = Literal["plain", "2026-07-28", "2025-11-25"]
"""How a request is written: a plain JSON POST, or MCP of a protocol revision."""

Beside = Literal["remove_items", "undo"]
"""A call that handles REMOVED items at once, while others are measured."""

HOUSEHOLDS: Final = 16
"""Each connection has its own person and household, because writers to the same household queue."""

OPEN_ITEMS: Final = 50
REMOVED: Final = 9_500
MANY: Final = 100
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

    @property
    def tool(self) -> str:
        """Return the name of the tool that is called, or the method `tools/list`."""
        return "add_items" if self.operation == "merge_items" else self.operation


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server to measure, called in a dialect by a group of people (by default those of the scenario)."""

    name: str
    server: str
    dialect: Dialect
    phrases: bool = False
    people: str | None = None
    items: int = 1
    after_silence: int = 0
    """Measure only the first, or only the second call of each person after two seconds without one."""
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation over a number of connections; the other candidates are compared with the first."""

    key: str
    """Its name on the command line."""
    title: str
    operation: Operation
    candidates: Sequence[Candidate]
    connections: int = HOUSEHOLDS
    households: int = HOUSEHOLDS
    """How many households the connections share."""
    new_phrases: bool = False
    """Whether every phrase is new to the server. Otherwise all connections send the same ones, so that it has parsed
    nearly all of them before."""

    def call(self, candidate: Candidate) -> Call:
        """Return the request that a candidate gets."""
        return Call(
            operation=self.operation, dialect=candidate.dialect, items=candidate.items, phrases=candidate.phrases
        )


LIMIT: Final = Candidate("limit", "limit", "plain")
OURS: Final = Candidate("ours, 2026-07-28", "ours", "2026-07-28", phrases=True)
OURS_OLDER: Final = replace(OURS, name="ours, 2025-11-25", dialect="2025-11-25")
OURS_TWICE: Final = replace(OURS, name="ours, 2 workers", server="ours, 2 workers")
OURS_MANY: Final = replace(OURS, name=f"ours, {MANY} items", items=MANY)
# Stateless HTTP with JSON answers is its faster mode; which protocol revision is faster depends on the operation.
FASTMCP: Final = Candidate("FastMCP, 2026-07-28", "FastMCP", "2026-07-28")
FASTMCP_OLDER: Final = replace(FASTMCP, name="FastMCP, 2025-11-25", dialect="2025-11-25")
# It answers the older revision with event streams only.
TYPESCRIPT: Final = Candidate("TypeScript SDK", "TypeScript", "2026-07-28")
PEERS: Final = (FASTMCP, FASTMCP_OLDER, TYPESCRIPT)

SILENT: Final = "silent people"
FIRST: Final = replace(OURS, name="first call", people=SILENT, after_silence=1)
SECOND: Final = replace(OURS, name="second call", people=SILENT, after_silence=2)
ALONE: Final = replace(OURS, name="nothing beside it")
BESIDE: Final = (
    replace(OURS, name="beside remove_items", beside="remove_items"),
    replace(OURS, name="beside undo", beside="undo"),
)

_BOTH: Final = (LIMIT, OURS, OURS_OLDER)
ADD: Final = Scenario("add", "add_items", "add_items", (*_BOTH, *PEERS, OURS_TWICE))
ADD_NEW: Final = Scenario("add-new", "add_items, new phrases", "add_items", (LIMIT, OURS), new_phrases=True)
MERGE: Final = Scenario("merge", "add_items that merges", "merge_items", _BOTH)
LIST: Final = Scenario("list", "list_items", "list_items", (*_BOTH, *PEERS, OURS_TWICE))
CHECK: Final = Scenario("check", "check_items", "check_items", _BOTH)
UPDATE: Final = Scenario("update", "update_items", "update_items", _BOTH)
TOOLS: Final = Scenario("tools", "tools/list", "tools/list", _BOTH)
ADD_SHARED: Final = Scenario(
    "shared", "add_items in 2 households", "add_items", (LIMIT, OURS), households=2, new_phrases=True
)
ADD_ALONE: Final = Scenario(
    "alone", "add_items, 1 connection", "add_items", (LIMIT, OURS, OURS_MANY), connections=1, households=1
)
SILENCE: Final = Scenario("silence", "list_items after 2 s", "list_items", (SECOND, FIRST))
REMOVE: Final = Scenario(
    "remove", f"list_items beside {REMOVED:,} changes", "list_items", (ALONE, *BESIDE), connections=2
)

COMPARISONS: Final = (ADD, ADD_NEW, MERGE, LIST, CHECK, UPDATE, TOOLS, ADD_SHARED, ADD_ALONE, SILENCE, REMOVE)
