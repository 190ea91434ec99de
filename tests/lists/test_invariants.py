"""Whatever is done in whatever order: amounts add up, order is total, undo restores exactly, revisions only grow, refs
never change their meaning, and the events add up to what is stored."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.db import Engine, new_id, open_transaction, transaction
from app.errors import AppError
from app.households import repository as households
from app.households.tenant import Actor, Tenant, open_tenant
from app.lists import save_list
from app.lists.history import undo as undoing
from app.lists.history.records import ItemRecord, read_record
from app.lists.items import add as adding
from app.lists.items import check as checking
from app.lists.items import move as moving
from app.lists.items import remove as removing
from app.lists.items import sort as sorting
from app.lists.items import update as updating
from app.lists.items import update_matching as updating_all
from app.lists.items.fields import RECORDED, Item
from app.lists.items.filters import ItemFilter
from app.lists.items.move import Destination
from app.lists.items.repository import ITEM_COLUMNS, item_of
from app.lists.items.update import Update
from app.lists.items.update_matching import BulkUpdate
from app.lists.models import Changed
from app.lists.save_list import ListSettings
from app.settings import Settings
from tests.factory import Factory

pytestmark = pytest.mark.anyio

NAMES = ["milk", "Milk", "milks", "bread", "bread (rye)"]
LISTS = [None, "L1", "L2"]
Operation = Callable[[Tenant], Awaitable[Changed]]


@dataclass(frozen=True)
class State:
    """A household as it is stored: its items by number, its revision, its events, and what it remembers by name."""

    rev: int
    items: dict[int, Item]
    lists: dict[UUID, tuple[int, bool]]
    counts: dict[UUID, tuple[int, int]]
    events: list[tuple[int, int, UUID | None, str]]
    habits: dict[str, tuple[str | None, str | None, str | None]]

    def visible(self) -> dict[int, dict[str, Any]]:
        """What undoing must restore: everything but the revisions, of what is not removed."""
        return {
            no: {each.name: getattr(item, each.name) for each in fields(Item) if each.name != "rev"}
            for no, item in self.items.items()
            if item.deleted_at is None
        }

    def counted(self) -> dict[UUID, tuple[int, int]]:
        """How many items are open and how many checked on each list."""
        there = [(item.list_id, item.checked_at is None) for item in self.items.values() if item.deleted_at is None]
        return {list_id: (there.count((list_id, True)), there.count((list_id, False))) for list_id in self.lists}

    def order(self, list_id: UUID) -> list[int]:
        """The numbers of the items on a list, in its order."""
        on_list = [item for item in self.items.values() if item.list_id == list_id and item.deleted_at is None]
        return [item.no for item in sorted(on_list, key=lambda item: (item.position, item.no))]


@dataclass
class Household:
    """One household under test, and all that was seen of it."""

    engine: Engine
    actor: Actor
    meaning: dict[int, UUID] = field(default_factory=dict[int, UUID])

    async def do(self, operation: Operation) -> Changed | None:
        """Do one thing; None when it was refused, and so not done."""
        with suppress(AppError):
            async with open_tenant(self.engine, self.actor, None, write=True) as tenant:
                return await operation(tenant)
        return None

    async def state(self) -> State:
        return await read_state(self.engine, self.actor.memberships[0].household_id)


async def read_state(engine: Engine, household_id: UUID) -> State:
    """All that is stored of a household."""
    async with open_transaction(engine, household_id) as opened:
        driver = opened.driver
        items = [item_of(row) for row in await driver.fetch(f"SELECT {ITEM_COLUMNS} FROM items")]
        lists = await driver.fetch("SELECT id, rev, deleted_at IS NOT NULL, open_items, checked_items FROM lists")
        events = await driver.fetch("SELECT no, rev, list_id, changes::text FROM events ORDER BY no")
        rev = await driver.fetchval("SELECT rev FROM clocks")
        habits = await driver.fetch("SELECT name_key, unit, category, store FROM habits")
    return State(
        rev,
        {item.no: item for item in items},
        {row[0]: (row[1], row[2]) for row in lists},
        {row[0]: (row[3], row[4]) for row in lists},
        [tuple(row) for row in events],
        {row[0]: (row[1], row[2], row[3]) for row in habits if any(row[1:])},
    )


NAME = st.sampled_from(NAMES)
REF = st.integers(1, 8).map(lambda number: f"i{number}")
ITEM = REF | NAME
ITEMS = st.lists(ITEM, min_size=1, max_size=3)
LIST = st.sampled_from(LISTS)
GRAMS = st.none() | st.integers(1, 2000)
STORE = st.sampled_from(["Market", "market", "Kiosk"])
FILTER = st.builds(ItemFilter, store=STORE) | st.builds(ItemFilter, view=st.sampled_from(["open", "checked", "all"]))
BULK = (
    st.builds(BulkUpdate, store=STORE, category=st.none() | st.sampled_from(["Dairy", "Bakery"]))
    | st.builds(BulkUpdate, clear=st.sampled_from([("store",), ("category", "note")]))
    | st.builds(BulkUpdate, convert_to=st.sampled_from(["auto", "kg", "oz"]))
)


def add(entries: list[tuple[str, int | None]], to: str | None, mode: Any) -> Operation:
    phrases = [name if grams is None else f"{grams} g {name}" for name, grams in entries]
    return lambda tenant: adding.add_items(tenant, phrases, to, mode, all_or_nothing=False)


def check(names: list[str], on: str | None, checked: bool) -> Operation:
    return lambda tenant: checking.check_items(tenant, names, on, checked=checked, store="Market")


def update(item: str, name: str | None, grams: int | None, clear: bool) -> Operation:
    quantity = None if grams is None or clear else Decimal(grams)
    unit = None if quantity is None else "g"
    change = Update(item, name=name, quantity=quantity, unit=unit, clear=("quantity",) if clear else ())
    return lambda tenant: updating.update_items(tenant, [change], None, None, all_or_nothing=False)


def correct(item: str, unit: str | None, category: str | None, store: str | None, clear: tuple[str, ...]) -> Operation:
    change = Update(item, unit=unit, category=category, store=store, clear=clear)
    return lambda tenant: updating.update_items(tenant, [change], None, None, all_or_nothing=False)


def more_or_less(item: str, delta: int) -> Operation:
    change = Update(item, quantity_delta=Decimal(delta))
    return lambda tenant: updating.update_items(tenant, [change, change], None, None, all_or_nothing=False)


def copy(on: str, view: Any) -> Operation:
    return lambda tenant: save_list.save_list(tenant, None, ListSettings(name="Copy"), copy_of=on, view=view)


def move(names: list[str], to_list: str | None, to: Any) -> Operation:
    destination = Destination(to_list, to=to) if to in ("top", "bottom") else Destination(to_list, before=to)
    return lambda tenant: moving.move_items(tenant, names, None, destination)


def move_all(by: ItemFilter, to_list: str | None, to: Any) -> Operation:
    destination = Destination(to_list, to=to)
    return lambda tenant: moving.move_items(tenant, None, None, destination, by=by)


def update_all(by: ItemFilter, change: BulkUpdate) -> Operation:
    return lambda tenant: updating_all.update_matching(
        tenant, by, change, "*", None, dry_run=False, all_or_nothing=False
    )


def sort(on: str | None, by: Any) -> Operation:
    return lambda tenant: sorting.sort_items(tenant, on, by, dry_run=False)


def remove(names: list[str] | None) -> Operation:
    what = "checked" if names is None else None
    return lambda tenant: removing.remove_items(tenant, names, what, None, dry_run=False)


def undo(number: int) -> Operation:
    return lambda tenant: undoing.undo(tenant, undoing.Request([f"e{number}"]))


def delete() -> Operation:
    return lambda tenant: save_list.delete_list(tenant, "L2", "Hardware")


OPERATIONS = st.lists(
    st.one_of(
        st.builds(
            add,
            st.lists(st.tuples(NAME, GRAMS), min_size=1, max_size=3),
            LIST,
            st.sampled_from(["merge", "merge", "separate", "skip"]),
        ),
        st.builds(check, ITEMS, LIST, st.booleans()),
        st.builds(update, ITEM, st.none() | st.sampled_from(["milk", "bread", "tea"]), GRAMS, st.booleans()),
        st.builds(
            correct,
            ITEM,
            st.none() | st.sampled_from(["bottle", "kg"]),
            st.none() | st.sampled_from(["Dairy", "Bakery"]),
            st.none() | STORE,
            st.sampled_from([(), (), ("category",), ("store", "unit")]),
        ),
        st.builds(more_or_less, ITEM, st.integers(-3, 3)),
        st.builds(copy, st.sampled_from(["L1", "L2"]), st.sampled_from(["open", "checked", "all"])),
        st.builds(move, ITEMS, LIST, st.sampled_from(["top", "bottom"]) | ITEM),
        st.builds(move_all, FILTER, LIST, st.sampled_from(["top", "bottom"])),
        st.builds(update_all, FILTER, BULK),
        st.builds(sort, LIST, st.sampled_from(["aisle", "name"])),
        st.builds(remove, st.none() | ITEMS),
        st.builds(undo, st.integers(1, 12)),
        st.just(delete()),
    ),
    min_size=4,
    max_size=14,
)


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
async def test_any_sequence_of_calls_keeps_the_invariants(
    engine: Engine, settings: Settings, operations: list[Operation]
) -> None:
    household = await new_household(engine, settings)
    before = await household.state()
    for operation in operations:
        changed = await household.do(operation)
        after = await household.state()
        check_step(household, before, after, changed)
        if changed is not None and changed.event_no is not None:
            await check_undo(household, before, after, changed.event_no)
        before = await household.state()
    check_story(before)


async def new_household(engine: Engine, settings: Settings) -> Household:
    """Ada's, with the lists Groceries (L1) and Hardware (L2)."""
    person, _ = await Factory(engine, settings).person("Ada")
    async with transaction(engine) as connection:
        memberships = tuple(await households.memberships_of(connection, person.id))
    household = Household(engine, Actor(person.id, "tests", new_id(), memberships, memberships[0].household_id))
    await household.do(lambda tenant: save_list.save_list(tenant, None, ListSettings(name="Hardware")))
    return household


def check_step(household: Household, before: State, after: State, changed: Changed | None) -> None:
    assert after.rev >= before.rev
    for no, item in after.items.items():
        assert household.meaning.setdefault(no, item.id) == item.id, "a ref never changes its meaning"
        old = before.items.get(no)
        assert item.rev >= (old.rev if old is not None else 0)
        if item != old:
            assert item.rev == after.rev
            assert after.lists[item.list_id][0] == after.rev
    for list_id, (rev, _) in before.lists.items():
        assert after.lists[list_id][0] >= rev
        touched = {no for no, item in after.items.items() if before.items.get(no) != item}
        kept = [no for no in before.order(list_id) if no not in touched]
        assert [no for no in after.order(list_id) if no not in touched] == kept, "the others keep their order"
    assert after.counts == after.counted(), "a list knows how much is on it"
    lines = [(item.list_id, item.name_key, item.measure, item.variant) for item in after.items.values() if item.is_open]
    assert len(lines) == len(set(lines))
    if changed is None or changed.event_no is None:
        assert after.items == before.items
        assert len(after.events) == len(before.events)


async def check_undo(household: Household, before: State, after: State, event_no: int) -> None:
    """Undone at once, everything is as it was; undone again, as it became."""
    undone = await household.do(undo(event_no))
    assert undone is not None
    if undone.event_no is None:
        return  # an undo that would delete a list with items on it is left alone
    restored = await household.state()
    assert (restored.visible(), restored.habits) == (before.visible(), before.habits)
    redone = await household.do(undo(undone.event_no))
    assert redone is not None
    if redone.event_no is not None:
        restored = await household.state()
        assert (restored.visible(), restored.habits) == (after.visible(), after.habits)


def check_story(state: State) -> None:
    """The events, replayed from the first to the last, give what is stored; each begins where the one before ended."""
    replayed: dict[int, dict[str, Any]] = {}
    for no, _, list_id, changes in state.events:
        for record in (read_record(json.dumps(each)) for each in json.loads(changes)):
            if not isinstance(record, ItemRecord):
                continue
            after = record.after
            if record.before is None:
                replayed[record.item] = dict.fromkeys(RECORDED) | after
                replayed[record.item]["list_id"] = record.list_id or list_id
                replayed[record.item].setdefault("variant", 0)
            else:
                item = replayed[record.item]
                assert {name: item[name] for name in after} == record.before, f"e{no}"
                item |= after
    assert replayed == {no: {name: getattr(item, name) for name in RECORDED} for no, item in state.items.items()}


GRAM_ENTRIES = st.lists(
    st.tuples(st.sampled_from(["flour", "Flour", "rice"]), st.integers(1, 5000)), min_size=1, max_size=8
)


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(GRAM_ENTRIES, min_size=1, max_size=5), undone=st.sets(st.integers(0, 4)))
async def test_amounts_add_up_whatever_is_undone(
    engine: Engine, settings: Settings, calls: list[list[tuple[str, int]]], undone: set[int]
) -> None:
    """The last calls undone, newest first, leave the exact sum of the others."""
    household = await new_household(engine, settings)
    numbers: list[int] = []
    for entries in calls:
        changed = await household.do(add([(name, grams) for name, grams in entries], None, "merge"))
        assert changed is not None
        assert changed.event_no is not None
        numbers.append(changed.event_no)
    kept = len(calls) - min(len(undone), len(calls))
    for number in reversed(numbers[kept:]):
        assert await household.do(undo(number)) is not None
    state = await household.state()
    sums = {"flour": Decimal(0), "rice": Decimal(0)}
    for entries in calls[:kept]:
        for name, grams in entries:
            sums[name.lower()] += grams
    found = {item.name_key: item.quantity.amount for item in state.items.values() if item.is_open and item.quantity}
    assert found == {name: total for name, total in sums.items() if total}
