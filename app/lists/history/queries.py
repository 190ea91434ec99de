"""What happened in a household, call by call, told in short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Ambiguous, NotFound
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history import changes as recorded
from app.lists.history import repository as log_repository
from app.lists.history.changes import AnyRecord, DefaultRecord, EventRecord, ItemRecord, ListRecord
from app.lists.history.event_summaries import tell_item, tell_list
from app.lists.history.repository import LogEntry, LogFilter
from app.lists.items import repository as item_repository
from app.lists.models import Item, ShoppingList
from app.lists.resolve_list import resolve_list
from app.text import fold

CHANGES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What to read, as it was asked for."""

    list: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    kind: str | None = None
    cursor: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One change of a call: the thing by ref and by the name it has now, and what became of it."""

    ref: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One call: on which list, if on one, and its first changes; `more` were not told."""

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
    """A page of calls that changed something.

    Raises `NotFound` for the list or the person, `Ambiguous` for the person, and `Invalid` for the cursor.
    """
    wanted = LogFilter(
        list_id=(await resolve_list(tenant, request.list)).id if request.list is not None else None,
        since=request.since,
        until=request.until,
        person_id=await _person(tenant, request.person) if request.person is not None else None,
        kind=request.kind,
        before=read_cursor(request.cursor, _NUMBER) if request.cursor is not None else None,
    )
    entries = await log_repository.read_log(tenant, wanted, request.limit + 1, CHANGES_SHOWN)
    page = entries[: request.limit]
    shown = {entry.event.no: _shown(recorded.read(entry.event.changes)) for entry in page}
    things = await _Things.read(tenant, page, [record for changes in shown.values() for record in changes])
    happenings = [
        Happening(
            entry,
            things.list_with(entry.event.list_id),
            [things.tell(record) for record in shown[entry.event.no]],
            entry.changed - len(shown[entry.event.no]),
        )
        for entry in page
    ]
    return History(happenings, make_cursor(page[-1].event.no) if len(entries) > len(page) else None)


_NUMBER: Final = TypeAdapter[int](Annotated[int, Field(ge=0, le=2**31 - 1)])


async def _person(tenant: Tenant, name: str) -> UUID:
    members = await households.members_of(tenant.connection, tenant.household_id)
    found = [member for member in members if fold(member.name) == fold(name)]
    if len(found) == 1:
        return found[0].person_id
    refusal = Ambiguous if found else NotFound
    message = "person must be the name of one member of the household."
    raise refusal(message, field="person", candidates=[member.name for member in members])


def _shown(records: Sequence[AnyRecord]) -> list[ItemRecord | ListRecord | DefaultRecord]:
    return [record for record in records if not isinstance(record, EventRecord)]


@dataclass(frozen=True, slots=True)
class _Things:
    """The items and lists that a page tells of, as they are now."""

    items: Mapping[int, Item]
    lists: Mapping[int, ShoppingList]
    by_id: Mapping[UUID, ShoppingList]

    @classmethod
    async def read(cls, tenant: Tenant, page: Sequence[LogEntry], records: Sequence[AnyRecord]) -> "_Things":
        """Read them together."""
        items = {each.item for each in records if isinstance(each, ItemRecord)}
        lists = {each.list for each in records if isinstance(each, ListRecord)}
        ids = {entry.event.list_id for entry in page}
        ids |= {each.after.list_id for each in records if isinstance(each, ItemRecord)}
        ids |= {each.after or each.before for each in records if isinstance(each, DefaultRecord)}
        return cls(
            await item_repository.items_numbered(tenant, items),
            await repository.lists_numbered(tenant, lists),
            await repository.lists_with(tenant, {list_id for list_id in ids if list_id is not None}),
        )

    def list_with(self, list_id: UUID | None) -> ShoppingList | None:
        """The list with that id."""
        return self.by_id.get(list_id) if list_id is not None else None

    def tell(self, record: ItemRecord | ListRecord | DefaultRecord) -> EventSummary:
        """A change in short."""
        if isinstance(record, ItemRecord):
            target = self.list_with(record.after.list_id)
            name = self.items[record.item].name if record.item in self.items else record.after.name
            return EventSummary(f"i{record.item}", name, tell_item(record, target.ref if target is not None else None))
        if isinstance(record, ListRecord):
            name = self.lists[record.list].name if record.list in self.lists else record.after.name
            return EventSummary(f"L{record.list}", name, tell_list(record))
        chosen = self.list_with(record.after or record.before)
        what = "made the default list" if record.after is not None else "no longer the default list"
        return EventSummary(chosen.ref, chosen.name, what) if chosen is not None else EventSummary("", "", what)
