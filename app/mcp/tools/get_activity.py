"""The tool `get_activity`."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from app.households.tenant import Tenant
from app.lists.history import queries
from app.lists.history.queries import Happening
from app.lists.models import event_ref
from app.mcp.argument_types import Time
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ

Kind = Literal[
    "add_items",
    "update_items",
    "check_items",
    "move_items",
    "remove_items",
    "save_list",
    "delete_list",
    "import_items",
    "undo",
    "repeat_items",
    "wake_items",
]


class Arguments(ToolArguments):
    """Which changes."""

    list: str | None = Field(default=None, description="Only changes on this list", max_length=200)
    since: Time | None = Field(default=None, description="From this day or time on, such as 2026-12-24")
    until: Time | None = Field(default=None, description="Before this day or time")
    person: str | None = Field(default=None, description="Only changes by this member", max_length=200)
    kind: Kind | None = Field(default=None, description="The tool that was called; repeat_items: came back when due")
    limit: int = Field(default=20, description="Changes per page", ge=1, le=100)
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=100)


class ThingView(BaseModel):
    """One item or list that a call changed."""

    ref: str
    name: str
    what: str


class EventView(BaseModel):
    """One call."""

    ref: str
    at: str
    person: str | None = Field(default=None, description="Absent: the service itself")
    kind: str
    list: str | None = None
    changes: Sequence[ThingView]
    more: int | None = Field(default=None, description="Changes not shown")
    undo_ref: str | None = Field(default=None, description="For undo; absent when undone")
    undone_by: str | None = None


class Result(ToolResult):
    """A page of calls, newest first."""

    events: Sequence[EventView]
    next_cursor: str | None = Field(default=None, description="Absent on the last page")

    def in_words(self) -> str:
        """One line of prose."""
        return f"{len(self.events)} changes."

    def touched(self) -> int:
        """How many changes are shown."""
        return len(self.events)


async def get_activity(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what was changed on the shopping lists, by whom and when, newest on top, with the undo_ref of each change
    that can be undone. Changes are kept for 400 days."""
    request = queries.Request(
        list=arguments.list,
        since=arguments.since,
        until=arguments.until,
        person=arguments.person,
        kind=arguments.kind,
        cursor=arguments.cursor,
        limit=arguments.limit,
    )
    page = await queries.read_history(tenant, request)
    return Result(events=[_event(each) for each in page.happenings], next_cursor=page.next_cursor)


def _event(happening: Happening) -> EventView:
    event = happening.entry.event
    ref = event_ref(event.no)
    return EventView(
        ref=ref,
        at=event.at.isoformat(timespec="seconds"),
        person=happening.entry.person,
        kind=event.kind,
        list=happening.list.ref if happening.list is not None else None,
        changes=[ThingView(ref=each.ref, name=each.name, what=each.what) for each in happening.changes],
        more=happening.more or None,
        undo_ref=ref if event.undone_by is None else None,
        undone_by=event_ref(event.undone_by) if event.undone_by is not None else None,
    )


GET_ACTIVITY = ToolSpec(
    get_activity,
    Arguments,
    Result,
    title="Show what changed",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True),
)
