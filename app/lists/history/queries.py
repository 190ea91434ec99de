"""Reading the history: what happened in a household, call by call, in a few words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, cast
from uuid import UUID

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import (
    AnyRecord,
    DefaultRecord,
    EventRecord,
    HabitRecord,
    ItemRecord,
    ListRecord,
    read_record,
)
from app.lists.history.repository import LogEntry, LogFilter, read_log
from app.lists.items import repository as item_repository
from app.lists.items.fields import DETAILS, Item, parse_assignee
from app.lists.models import ShoppingList
from app.lists.resolve_list import resolve_list

CHANGES_SHOWN: Final = 10

_ITEM_WORDS: Final = {each.name: each.word for each in DETAILS if each.in_summary}
_LIST_WORDS: Final = {"name": "name", "store": "store", "currency": "currency", "category_order": "order of categories"}
"""The fields whose changes are shown as `word old → new`, in this order."""

_LONGEST: Final = 60
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class Request:
    """Which part of the history to read."""

    list: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    kind: str | None = None
    cursor: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One change of a call: the thing by ref and by the name it has now, and what happened to it."""

    ref: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One call: its list, if it was about one, and its first changes; `more` are not shown."""

    entry: LogEntry
    list: ShoppingList | None
    changes: Sequence[EventSummary]
    more: int


@dataclass(frozen=True, slots=True)
class History:
    """A page of what happened, newest first, and where the next one starts."""

    happenings: Sequence[Happening]
    next_cursor: str | None


async def read_history(tenant: Tenant, request: Request) -> History:
    """Return a page of calls that changed something.

    Raises `NotFound` for the list or the person, `Ambiguous` for the person, and `Invalid` for the cursor.
    """
    log_filter = LogFilter(
        list_id=(await resolve_list(tenant, request.list)).id if request.list is not None else None,
        since=request.since,
        until=request.until,
        person_id=await _find_person(tenant, request.person) if request.person is not None else None,
        kind=request.kind,
        before=read_cursor(request.cursor, _NUMBER) if request.cursor is not None else None,
    )
    entries = await read_log(tenant, log_filter, request.limit + 1, CHANGES_SHOWN)
    page = entries[: request.limit]
    shown = {entry.event.no: _records_shown(entry.event.changes) for entry in page}
    things = await _Things.read(tenant, page, [record for records in shown.values() for record in records])
    happenings = [
        Happening(
            entry,
            things.find_list(entry.event.list_id),
            [things.summarize(record) for record in shown[entry.event.no]],
            entry.changed - len(shown[entry.event.no]),
        )
        for entry in page
    ]
    return History(happenings, make_cursor(page[-1].event.no) if len(entries) > len(page) else None)


_NUMBER: Final = TypeAdapter[int](Annotated[int, Field(ge=0, le=2**31 - 1)])


async def _find_person(tenant: Tenant, name: str) -> UUID:
    members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    return parse_assignee(name, "person", members)


def _records_shown(changes: Iterable[str]) -> list[ItemRecord | ListRecord | DefaultRecord]:
    records = map(read_record, changes)
    return [record for record in records if not isinstance(record, EventRecord | HabitRecord)]


@dataclass(frozen=True, slots=True)
class _Things:
    """The items and lists that a page refers to, as they are now."""

    items: Mapping[int, Item]
    lists: Mapping[int, ShoppingList]
    by_id: Mapping[UUID, ShoppingList]

    @classmethod
    async def read(cls, tenant: Tenant, page: Sequence[LogEntry], records: Sequence[AnyRecord]) -> "_Things":
        """Read them together."""
        items = {each.item for each in records if isinstance(each, ItemRecord)}
        lists = {each.list for each in records if isinstance(each, ListRecord)}
        ids = {entry.event.list_id for entry in page}
        ids |= {each.after.get("list_id") for each in records if isinstance(each, ItemRecord)}
        ids |= {each.after or each.before for each in records if isinstance(each, DefaultRecord)}
        return cls(
            await item_repository.items_numbered(tenant, items),
            await repository.lists_numbered(tenant, lists),
            await repository.lists_with(tenant, {list_id for list_id in ids if list_id is not None}),
        )

    def find_list(self, list_id: UUID | None) -> ShoppingList | None:
        """Return the list with that id."""
        return self.by_id.get(list_id) if list_id is not None else None

    def summarize(self, record: ItemRecord | ListRecord | DefaultRecord) -> EventSummary:
        """Return a change in a few words."""
        if isinstance(record, ItemRecord):
            target = self.find_list(record.after.get("list_id"))
            name = self.items[record.item].name if record.item in self.items else record.after.get("name", "")
            what = _summarize_item(record, target.ref if target is not None else None)
            return EventSummary(f"i{record.item}", name, what)
        if isinstance(record, ListRecord):
            name = self.lists[record.list].name if record.list in self.lists else record.after.get("name", "")
            return EventSummary(f"L{record.list}", name, _summarize_list(record))
        chosen = self.find_list(record.after or record.before)
        what = "made the default list" if record.after is not None else "no longer the default list"
        return EventSummary(chosen.ref, chosen.name, what) if chosen is not None else EventSummary("", "", what)


def _summarize_item(record: ItemRecord, moved_to: str | None) -> str:
    """Return `added 2 kg`, `quantity 2 → 3; note – → fresh`, `checked`; `moved_to` is the ref of its new list."""
    before, after = record.before, record.after
    if before is None:
        quantity = after.get("quantity")
        return f"added {quantity}" if quantity is not None else "added"
    states = {"deleted_at": ("removed", "brought back"), "checked_at": ("checked", "unchecked")}
    parts, values = _state_changes(before, after, states), _value_changes(before, after, _ITEM_WORDS)
    if "list_id" in after:
        parts.append(f"moved to {moved_to}" if moved_to is not None else "moved")
    elif "position" in after and not parts and not values:
        parts.append("moved")
    if "assignee_id" in after:
        parts.append("assigned" if after["assignee_id"] is not None else "no longer assigned")
    return "; ".join(parts + values)


def _summarize_list(record: ListRecord) -> str:
    """Return `made`, `name Tools → Hardware`, `deleted`."""
    before, after = record.before, record.after
    if before is None:
        return "made"
    states = {"deleted_at": ("deleted", "brought back"), "archived_at": ("archived", "back in use")}
    return "; ".join(_state_changes(before, after, states) + _value_changes(before, after, _LIST_WORDS))


def _state_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, tuple[str, str]]
) -> list[str]:
    """Return the words for states that began or ended, where a state is a time or None."""
    return [
        begun if after[name] is not None else ended
        for name, (begun, ended) in words.items()
        if name in after and (after[name] is None) != (before.get(name) is None)
    ]


def _value_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    return [
        f"{word} {_in_short(before.get(name))} → {_in_short(after[name])}"
        for name, word in words.items()
        if name in after
    ]


def _in_short(value: Any) -> str:
    if value is None or value == ():
        return _NOTHING
    text = ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
