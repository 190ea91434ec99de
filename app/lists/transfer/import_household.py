"""Making a new household of an archive: all of it, or nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any, Final, TypeVar, cast
from uuid import UUID

import anyio.to_thread
import asyncpg

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import new_id
from app.db.engine import Driver
from app.db.transactions import OpenTransaction
from app.errors import Invalid, Unavailable
from app.households import repository as households
from app.households.members import join, refuse_too_many_households
from app.households.tenant import SERVICE
from app.households.time_zones import UTC_NAME, zone_names
from app.limits.concurrency import Slots, take
from app.limits.defaults import HOUSEHOLD_IMPORTS, IMPORTED_LISTS
from app.lists.items.habits import MOST_HABITS
from app.lists.models import ITEMS_PER_LIST
from app.lists.pantry.corrections import MOST_CORRECTIONS
from app.lists.transfer import repository
from app.lists.transfer.archive import HouseholdArchive
from app.lists.transfer.records import (
    AisleRecord,
    HabitRecord,
    ItemRecord,
    ListRecord,
    MealRecord,
    PantryRecord,
    PersonRecord,
    PurchaseRecord,
    RecipeRecord,
    Record,
    SettlementRecord,
    file_of,
)
from app.lists.transfer.repository import PART
from app.people.models import Person
from app.people.repository import IMPORTED, insert_service_person
from app.quantities.merge_key import merge_key
from app.recipes.models import PLANNED_MEALS, RECIPES_PER_HOUSEHOLD
from app.runtime.progress import Note, note_nothing
from app.text import fold

MOST_PEOPLE: Final = 200
RETRY_SECONDS: Final = 10
_BEFORE_THE_FIRST_EVENT: Final = 0

Made = TypeVar("Made", bound=Record)
Row = Mapping[str, Any]

_slots: Final = Slots(HOUSEHOLD_IMPORTS)


async def import_household(
    opened: OpenTransaction,
    household_id: UUID,
    file: IO[bytes],
    person: Person,
    now: datetime,
    *,
    name: str | None = None,
    note: Note = note_nothing,
) -> int:
    """Make a household of an archive, owned by a person, and return how many records it has.

    The transaction must have been opened for `household_id`, a new id. The people named in the archive become
    names only, and can't sign in; but where one has the name of `person`, that person takes their place.

    Raises `Invalid` for the archive, naming file, line and reason, `LimitReached` for too many households, and
    `Unavailable` while others import.
    """
    try:
        turn = await take(_slots.of(), seconds=HOUSEHOLD_IMPORTS.seconds)
    except TimeoutError:
        raise Unavailable("Other imports are running. Try again shortly.", retry_after=RETRY_SECONDS) from None
    with turn:
        connection = opened.connection
        await refuse_too_many_households(connection, person.id)
        archive = await anyio.to_thread.run_sync(HouseholdArchive, file)
        settings = archive.settings
        zone = settings.time_zone if settings.time_zone in zone_names() else UTC_NAME
        await households.insert_household(connection, household_id, name or settings.name, zone)
        values = {"currency": settings.currency, "locale": settings.locale}
        await households.update_household(connection, household_id, values)
        await join(connection, household_id, person.id, "owner", now, by=person.id)
        try:
            stored = await _Importing(opened, household_id, archive, person, now, note).run()
        except asyncpg.UniqueViolationError as error:
            what = (error.table_name or "").replace("_", " ")
            raise Invalid(f"The archive has something twice that there is once: {what}.", field="archive") from None
        except asyncpg.ProgramLimitExceededError:  # of an index
            raise Invalid("The archive has a name that is too long to be looked up.", field="archive") from None
        entry = AuditEntry(action=Action.HOUSEHOLD_IMPORTED, at=now, person_id=person.id, household_id=household_id)
        await record(connection, entry)
    return stored


@dataclass(slots=True)
class _Importing:
    """An import: what is read by number, and the ids that it has here."""

    opened: OpenTransaction
    household_id: UUID
    archive: HouseholdArchive
    person: Person
    now: datetime
    note: Note
    people: dict[int, UUID] = field(default_factory=dict[int, UUID])
    lists: dict[int, UUID] = field(default_factory=dict[int, UUID])
    recipes: dict[int, UUID] = field(default_factory=dict[int, UUID])
    items: dict[int, UUID] = field(default_factory=dict[int, UUID])
    on_list: dict[int, int] = field(default_factory=dict[int, int])
    stored: int = 0

    @property
    def driver(self) -> Driver:
        """The connection, for constant SQL."""
        return self.opened.driver

    async def run(self) -> int:
        """Store everything, and return how many records there were."""
        await self._store_people()
        await self._store("lists", {"lists": self._list}, IMPORTED_LISTS)
        await self._store("recipes", {"recipes": self._recipe, "recipe_lines": self._lines}, RECIPES_PER_HOUSEHOLD)
        await self._store("items", {"items": self._item})
        await self._store("purchases", {"purchases": self._purchase})
        await self._store("settlements", {"settlements": self._settlement})
        await self._store("plan", {"planned_meals": self._meal}, PLANNED_MEALS)
        await self._store("habits", {"habits": _habit}, MOST_HABITS)
        await self._store("pantry", {"pantry": _pantry}, MOST_CORRECTIONS)
        await self._store("aisles", {"aisles": _aisle})
        await repository.finish_lists(self.driver, self.household_id)
        return self.stored

    async def _store_people(self) -> None:
        for each in cast("list[PersonRecord]", await self._part(self.archive.records("people"), MOST_PEOPLE + 1)):
            if each.no in self.people:
                raise _twice("people", each.no)
            if len(self.people) == MOST_PEOPLE:
                raise Invalid(f"people.jsonl has more than {MOST_PEOPLE} people.", field="archive")
            if each.name == self.person.name and self.person.id not in self.people.values():
                self.people[each.no] = self.person.id
            else:
                named = await insert_service_person(
                    self.opened.connection, f"{IMPORTED}{new_id()}", each.name, self.now
                )
                self.people[each.no] = named.id

    async def _store(
        self, section: str, makers: Mapping[str, Callable[[Any], Iterable[Row]]], most: int | None = None
    ) -> None:
        """Read a section part by part, and store the rows that are made of each record, by table."""
        records, count = self.archive.records(section), 0
        while part := await self._part(records, PART):
            count += len(part)
            if most is not None and count > most:
                raise Invalid(f"{file_of(section)} has more than {most:,} records.", field="archive")
            for table, make in makers.items():
                # A record of a recipe makes a hundred rows: they are made and sent so that others are served meanwhile.
                rows = await anyio.to_thread.run_sync(_rows_of, part, make)
                for first in range(0, len(rows), PART):
                    await repository.insert_rows(self.driver, self.household_id, table, rows[first : first + PART])
            self.stored += len(part)
            self.note(self.stored, 0, f"{self.stored:,} records stored")

    async def _part(self, records: Iterator[Record], size: int) -> list[Record]:
        return await anyio.to_thread.run_sync(lambda: list(islice(records, size)))

    def _list(self, each: ListRecord) -> Iterable[Row]:
        values = each.model_dump(exclude={"category_order"})
        row = {**values, "name_key": fold(each.name), "category_order": each.category_order, "rev": 1}
        yield {**row, "id": _number(self.lists, "lists", each.no)}

    def _recipe(self, each: RecipeRecord) -> Iterable[Row]:
        row = {**each.model_dump(exclude={"lines"}), "name_key": fold(each.name), "rev": 1}
        yield {**row, "id": _number(self.recipes, "recipes", each.no)}

    def _lines(self, each: RecipeRecord) -> Iterable[Row]:
        for position, line in enumerate(each.lines, start=1):
            yield {**line.model_dump(), "recipe_id": self.recipes[each.no], "position": position}

    def _item(self, each: ItemRecord) -> Iterable[Row]:
        where = f"items.jsonl: item {each.no}"
        if each.deleted_at is None:
            self.on_list[each.list] = self.on_list.get(each.list, 0) + 1
            if self.on_list[each.list] > ITEMS_PER_LIST:
                raise Invalid(f"List {each.list} has more than {ITEMS_PER_LIST:,} items.", field="archive")
        yield {
            **each.model_dump(exclude={"list", "assignee", "recipe", "checked_by"}),
            "id": _number(self.items, "items", each.no),
            "list_id": _known(self.lists, each.list, where, "list"),
            "name_key": merge_key(each.name),
            "assignee_id": None if each.assignee is None else _known(self.people, each.assignee, where, "person"),
            "checked_by": None if each.checked_by is None else _known(self.people, each.checked_by, where, "person"),
            "recipe_id": None if each.recipe is None else _known(self.recipes, each.recipe, where, "recipe"),
            "rev": 1,
        }

    def _purchase(self, each: PurchaseRecord) -> Iterable[Row]:
        where = f"purchases.jsonl: {each.name}"
        yield {
            **each.model_dump(exclude={"item", "bought_by", "paid_by", "place_of_trip"}),
            "id": new_id(),
            "item_id": None if each.item is None else _known(self.items, each.item, where, "item"),
            "name_key": merge_key(each.name),
            "store_key": None if each.store is None else fold(each.store),
            "bought_by": SERVICE if each.bought_by is None else _known(self.people, each.bought_by, where, "person"),
            "paid_by": None if each.paid_by is None else _known(self.people, each.paid_by, where, "person"),
            "place": each.place_of_trip,
            "event_no": _BEFORE_THE_FIRST_EVENT,
        }

    def _settlement(self, each: SettlementRecord) -> Iterable[Row]:
        where = f"settlements.jsonl: {each.paid_at}"
        payer, payee = (_known(self.people, no, where, "person") for no in (each.payer, each.payee))
        yield {**each.model_dump(exclude={"payer", "payee"}), "id": new_id(), "payer": payer, "payee": payee}

    def _meal(self, each: MealRecord) -> Iterable[Row]:
        where = f"plan.jsonl: {each.day}"
        recipe = None if each.recipe is None else _known(self.recipes, each.recipe, where, "recipe")
        yield {**each.model_dump(exclude={"recipe"}), "id": new_id(), "recipe_id": recipe}


def _rows_of(part: Sequence[Any], make: Callable[[Any], Iterable[Row]]) -> list[Row]:
    return [row for each in part for row in make(each)]


def _habit(each: HabitRecord) -> Iterable[Row]:
    yield {**each.model_dump(exclude={"name"}), "name_key": each.name, "rev": 1}


def _pantry(each: PantryRecord) -> Iterable[Row]:
    yield {**each.model_dump(exclude={"key"}), "name_key": each.key, "rev": 1}


def _aisle(each: AisleRecord) -> Iterable[Row]:
    yield {"store_key": each.store, "name_key": each.name, "mean_position": each.mean_position, "n": each.trips}


def _number(ids: dict[int, UUID], section: str, no: int) -> UUID:
    """Give a number its id here. Raises `Invalid` for one that is there twice."""
    if no in ids:
        raise _twice(section, no)
    ids[no] = new_id()
    return ids[no]


def _twice(section: str, no: int) -> Invalid:
    return Invalid(f"{file_of(section)}: number {no} is there twice.", field="archive")


def _known(ids: Mapping[int, UUID], no: int, where: str, what: str) -> UUID:
    found = ids.get(no)
    if found is None:
        raise Invalid(f"{where[:200]}: there is no {what} {no}.", field="archive")
    return found
