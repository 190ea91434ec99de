"""The tool `get_activity`."""

from collections.abc import Sequence
from typing import Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, PrivateAttr

from app.households.tenant import Tenant
from app.households.time_zones import zone_of
from app.lists.history import queries
from app.lists.history.queries import Happening, History
from app.lists.models import event_ref
from app.mcp.argument_types import Time, in_zone
from app.mcp.prose import MOST_NAMED, shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ

Kind = Literal[
    "add_items",
    "update_items",
    "check_items",
    "record_purchase",
    "move_items",
    "remove_items",
    "save_list",
    "delete_list",
    "import_items",
    "save_recipe",
    "apply_recipe",
    "update_pantry",
    "save_plan",
    "undo",
    "settle_debt",
    "repeat_items",
    "wake_items",
]


class Arguments(ToolArguments):
    """Which changes."""

    ref: str | None = Field(default=None, description="One change in full: its ref", max_length=20, examples=["e57"])
    item: str | None = Field(default=None, description="Only changes of this item, removed ones too", max_length=400)
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
    more: int | None = Field(default=None, description="Changes not shown; ref shows them")
    undo_ref: str | None = Field(default=None, description="For undo; absent when undone")
    undone_by: str | None = None


class Result(ToolResult):
    """A page of calls, newest first."""

    events: Sequence[EventView]
    time_zone: str = Field(description="Of all times here")
    next_cursor: str | None = Field(default=None, description="Absent on the last page")

    _history: History | None = PrivateAttr(default=None)

    def of(self, history: History) -> Self:
        """Return this result, with what it was made of."""
        self._history = history
        return self

    def in_words(self) -> str:
        """The latest changes: `Newest first: Ann added milk and 3 more (2026-11-29 18:05).`"""
        calls = () if self._history is None else self._history.happenings
        zone = zone_of(self.time_zone)
        told = [_in_words(each, zone) for each in calls[:MOST_NAMED]]
        return f"Newest first: {some_of(told, len(calls))}." if told else "Nothing was changed."

    def shortened(self, share: float) -> Self:
        """Show that share of the changes, with a cursor behind them."""
        if self._history is None or (history := self._history.shortened(share)) is self._history:
            return self
        return type(self)(**_fields(history, zone_of(self.time_zone))).of(history)

    def touched(self) -> int:
        """How many changes are shown."""
        return len(self.events)


async def get_activity(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what was changed on the shopping lists, by whom and when, newest on top, with the undo_ref of each change
    that can be undone: who added an item, who bought it, where and for how much (kind=check_items). Changes are kept
    for 400 days."""
    zone = tenant.membership.zone
    request = queries.Request(
        ref=arguments.ref,
        item=arguments.item,
        list=arguments.list,
        since=in_zone(arguments.since, zone),
        until=in_zone(arguments.until, zone),
        person=arguments.person,
        kind=arguments.kind,
        cursor=arguments.cursor,
        limit=arguments.limit,
    )
    history = await queries.read_history(tenant, request)
    return Result(**_fields(history, zone)).of(history)


def _fields(history: History, zone: ZoneInfo) -> dict[str, Any]:
    events = [_event(each, zone) for each in history.happenings]
    return {"events": events, "time_zone": zone.key, "next_cursor": history.next_cursor}


VERBS: Final = {
    "add_items": "added",
    "update_items": "changed",
    "check_items": "checked off",
    "record_purchase": "bought",
    "settle_debt": "noted a payment of",
    "move_items": "moved",
    "remove_items": "removed",
    "save_list": "saved",
    "delete_list": "deleted",
    "import_items": "imported",
    "save_recipe": "saved",
    "apply_recipe": "added",
    "update_pantry": "noted",
    "save_plan": "planned",
    "undo": "undid a change of",
    "repeat_items": "brought back",
    "wake_items": "brought back",
}
"""What a sentence says of a call of each kind."""


def _in_words(happening: Happening, zone: ZoneInfo) -> str:
    """Return one call in a few words: `Ann added milk and 3 more (2026-11-29 18:05)`."""
    event = happening.entry.event
    who = "the service" if happening.entry.person is None else shown_name(happening.entry.person)
    things = [shown_name(each.name) for each in happening.changes[:1]]
    what = some_of(things, len(happening.changes) + happening.more)
    return f"{who} {VERBS.get(event.kind, event.kind)} {what} ({event.at.astimezone(zone):%Y-%m-%d %H:%M})"


def _event(happening: Happening, zone: ZoneInfo) -> EventView:
    event = happening.entry.event
    ref = event_ref(event.no)
    return EventView(
        ref=ref,
        at=event.at.astimezone(zone).isoformat(timespec="seconds"),
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
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
