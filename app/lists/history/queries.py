"""Reading the history: what happened in a household, call by call, in a few words, or one call in full."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Invalid, NotFound
from app.households import repository as households
from app.households.guest_repository import links_of
from app.households.guests import as_members
from app.households.models import FORMER_MEMBER
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.records import (
    AnyRecord,
    CorrectionRecord,
    DefaultRecord,
    EventRecord,
    HabitRecord,
    ItemRecord,
    ListRecord,
    MealRecord,
    PurchaseRecord,
    RecipeRecord,
    SettlementRecord,
    read_record,
)
from app.lists.history.repository import LogEntry, LogFilter, read_log
from app.lists.history.summaries import (
    EventSummary,
    summarize_correction,
    summarize_default,
    summarize_item,
    summarize_list,
    summarize_loose_purchase,
    summarize_meal,
    summarize_recipe,
    summarize_settlement,
)
from app.lists.items import repository as item_repository
from app.lists.items.fields import Item, parse_assignee
from app.lists.items.resolve_ever import resolve_ever
from app.lists.models import ShoppingList, event_number
from app.lists.resolve_list import resolve_list
from app.recipes import plan_repository
from app.recipes import repository as recipe_repository
from app.recipes.models import Recipe
from app.runtime.clock import system_clock

CHANGES_SHOWN: Final = 30
CHANGES_IN_FULL: Final = 100
"""Of the one call that is asked for, on a page."""

ShownRecord = (
    ItemRecord
    | ListRecord
    | RecipeRecord
    | MealRecord
    | CorrectionRecord
    | DefaultRecord
    | PurchaseRecord
    | SettlementRecord
)

NOBODY: Final = UUID(int=0)
PANTRY_REF: Final = "pantry"
"""Stands for the ref of what was said about the pantry, which has none."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which part of the history to read: one call in full by its ref, or calls by what they have in common.

    `person` is a name, `person_id` somebody whom pages know; so are `client_id`, and `grants`, of which any counts.
    """

    ref: str | None = None
    item: str | None = None
    list: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    kind: str | None = None
    cursor: str | None = None
    limit: int = 20
    person_id: UUID | None = None
    client_id: str | None = None
    grants: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One call: its list, if it was about one, and some of its changes; `more` are not shown."""

    entry: LogEntry
    list: ShoppingList | None
    changes: Sequence[EventSummary]
    more: int


@dataclass(frozen=True, slots=True)
class History:
    """A page of what happened, newest first, and where the next one starts.

    For one call in full, `first_change` is where in it the page starts.
    """

    happenings: Sequence[Happening]
    next_cursor: str | None
    first_change: int | None = None

    def shortened(self, share: float) -> "History":
        """Return a page with that share of the calls, or of the changes of a single one, and a cursor behind them."""
        if len(self.happenings) > 1:
            kept = self.happenings[: max(1, int(len(self.happenings) * share))]
            return replace(self, happenings=kept, next_cursor=make_cursor(kept[-1].entry.event.no))
        if not self.happenings or len(self.happenings[0].changes) <= 1:
            return self
        (call,) = self.happenings
        changes = call.changes[: max(1, int(len(call.changes) * share))]
        cut = replace(call, changes=changes, more=call.more + len(call.changes) - len(changes))
        cursor = self.next_cursor
        if self.first_change is not None:
            cursor = make_cursor((call.entry.event.no, self.first_change + len(changes)))
        return replace(self, happenings=[cut], next_cursor=cursor)


async def read_history(tenant: Tenant, request: Request) -> History:
    """Return a page of calls that changed something.

    Raises `NotFound` for the call, the item, the list or the person, `Ambiguous` for the person, and `Invalid` for the
    cursor, and for a call that is asked for together with what calls have in common.
    """
    if request.ref is not None:
        return await _read_call(tenant, request, request.ref)
    log_filter = LogFilter(
        list_id=(await resolve_list(tenant, request.list)).id if request.list is not None else None,
        since=request.since,
        until=request.until,
        person_id=await _find_person(tenant, request.person) if request.person is not None else request.person_id,
        kind=request.kind,
        before=read_cursor(request.cursor, _NUMBER) if request.cursor is not None else None,
        items=await resolve_ever(tenant, request.item) if request.item is not None else None,
        client_id=request.client_id,
        grant_ids=request.grants,
    )
    entries = await read_log(tenant, log_filter, request.limit + 1, CHANGES_SHOWN)
    page = entries[: request.limit]
    happenings = await _happenings(tenant, page)
    return History(happenings, make_cursor(page[-1].event.no) if len(entries) > len(page) else None)


async def _read_call(tenant: Tenant, request: Request, ref: str) -> History:
    if request != Request(ref=ref, cursor=request.cursor, limit=request.limit):
        raise Invalid("ref shows one change in full; leave the other filters out.", field="ref")
    first = 0
    number = event_number(ref)
    if request.cursor is not None:
        of, first = read_cursor(request.cursor, _CHANGE)
        if of != number:
            raise Invalid("cursor belongs to another change. Leave it out to start at the top.", field="cursor")
    entries = [] if number is None else await read_log(tenant, LogFilter(no=number), 1, CHANGES_IN_FULL, first)
    if not entries:
        raise NotFound("ref names no change on record here. Without it, get_activity shows the latest.", field="ref")
    (call,) = await _happenings(tenant, entries)
    call = replace(call, more=max(0, call.more - first))
    behind = first + len(call.changes)
    return History([call], make_cursor((number, behind)) if call.more else None, first)


async def _happenings(tenant: Tenant, page: Sequence[LogEntry]) -> list[Happening]:
    shown = {entry.event.no: _records_shown(entry.event.changes) for entry in page}
    things = await _Things.read(tenant, page, [record for records in shown.values() for record in records])
    return [
        Happening(
            entry,
            things.find_list(entry.event.list_id),
            [things.summarize(record) for record in shown[entry.event.no]],
            entry.changed - len(shown[entry.event.no]),
        )
        for entry in page
    ]


_Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
_NUMBER: Final = TypeAdapter[int](_Number)
_CHANGE: Final = TypeAdapter[tuple[int, int]](tuple[_Number, _Number])


async def _find_person(tenant: Tenant, name: str) -> UUID:
    members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    links = await links_of(tenant.connection, tenant.household_id, system_clock())
    return parse_assignee(name, "person", [*members, *as_members(links)])


def _records_shown(changes: Iterable[str]) -> list[ShownRecord]:
    records = map(read_record, changes)
    return [record for record in records if not isinstance(record, EventRecord | HabitRecord)]


@dataclass(frozen=True, slots=True)
class _Things:
    """The items, lists, recipes and members that a page refers to, as they are now."""

    items: Mapping[int, Item]
    lists: Mapping[int, ShoppingList]
    by_id: Mapping[UUID, ShoppingList]
    recipes: Mapping[int, Recipe]
    dishes: Mapping[UUID | None, tuple[int, str]]
    members: Mapping[UUID, str]

    @classmethod
    async def read(cls, tenant: Tenant, page: Sequence[LogEntry], records: Sequence[AnyRecord]) -> "_Things":
        """Read them together."""
        items = {each.item for each in records if isinstance(each, ItemRecord)}
        lists = {each.list for each in records if isinstance(each, ListRecord)}
        ids = {entry.event.list_id for entry in page}
        ids |= {each.after.get("list_id") for each in records if isinstance(each, ItemRecord)}
        ids |= {each.before.get("list_id") for each in records if isinstance(each, ItemRecord) and each.before}
        ids |= {each.after or each.before for each in records if isinstance(each, DefaultRecord)}
        recipes = {each.recipe for each in records if isinstance(each, RecipeRecord)}
        meals = [meal for each in records if isinstance(each, MealRecord) for meal in (each.before, each.after)]
        dishes = {meal.recipe_id for meal in meals if meal is not None and meal.recipe_id is not None}
        settled = [each.after or each.before for each in records if isinstance(each, SettlementRecord)]
        people = {person for each in settled if each is not None for person in (each.payer, each.payee)}
        return cls(
            await item_repository.items_numbered(tenant, items),
            await repository.lists_numbered(tenant, lists),
            await repository.lists_with(tenant, {list_id for list_id in ids if list_id is not None}),
            await recipe_repository.recipes_numbered(tenant, recipes) if recipes else {},
            await plan_repository.recipe_names(tenant, dishes) if dishes else {},
            await households.names_of(tenant.connection, tenant.household_id, people),
        )

    def find_list(self, list_id: UUID | None) -> ShoppingList | None:
        """Return the list with that id."""
        return self.by_id.get(list_id) if list_id is not None else None

    def summarize(self, record: ShownRecord) -> EventSummary:
        """Return a change in a few words."""
        if isinstance(record, ItemRecord):
            source, target = (
                self.find_list(side.get("list_id")) if side is not None else None
                for side in (record.before, record.after)
            )
            name = self.items[record.item].name if record.item in self.items else record.after.get("name", "")
            assignee = self.members.get(record.after.get("assignee_id") or NOBODY, FORMER_MEMBER)
            phrases = summarize_item(record, source and source.name, target and target.name, assignee)
            return EventSummary(f"i{record.item}", name, phrases)
        if isinstance(record, ListRecord):
            name = self.lists[record.list].name if record.list in self.lists else record.after.get("name", "")
            return EventSummary(f"L{record.list}", name, summarize_list(record))
        if isinstance(record, RecipeRecord):
            name = self.recipes[record.recipe].name if record.recipe in self.recipes else record.after.get("name", "")
            return EventSummary(f"R{record.recipe}", name, summarize_recipe(record))
        if isinstance(record, PurchaseRecord):
            return summarize_loose_purchase(record)
        if isinstance(record, SettlementRecord):
            of = record.after or record.before
            people = record.after and (self._name_of(record.after.payer), self._name_of(record.after.payee))
            return EventSummary("", "" if of is None else of.in_words, summarize_settlement(people))
        if isinstance(record, CorrectionRecord):
            return EventSummary(PANTRY_REF, record.pantry, summarize_correction(record.after))
        if isinstance(record, MealRecord):
            meal = record.after or record.before
            if meal is None:
                return EventSummary("", "", [])
            _, name = self.dishes.get(meal.recipe_id, (0, meal.words or ""))
            return EventSummary(meal.day.isoformat(), name, summarize_meal(record.before, record.after))
        chosen = self.find_list(record.after or record.before)
        ref, name = ("", "") if chosen is None else (chosen.ref, chosen.name)
        return EventSummary(ref, name, summarize_default(is_default=record.after is not None))

    def _name_of(self, person_id: UUID) -> str:
        return self.members.get(person_id, FORMER_MEMBER)
