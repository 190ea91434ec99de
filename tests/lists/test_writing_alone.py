"""Writing without a transaction around it: the same as with one, and nothing half done, whatever happens meanwhile."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.db import Engine, create_engine, new_id, open_transaction, transaction, transactions
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect
from app.errors import AppError, LimitReached, NotFound, Unavailable
from app.households import repository as households
from app.households.tenant import Actor, ProvenHousehold, Tenant, prove_household
from app.lists import save_list
from app.lists.items import add_repository, save_repository
from app.lists.items.add import NewItem, add_items, add_items_alone
from app.lists.items.check import check_item_alone, check_items
from app.lists.items.expectations import Expectations, expectations
from app.lists.items.fields import Item
from app.lists.items.habits import Habit
from app.lists.items.remove import remove_items
from app.lists.items.update import Update, update_item_alone, update_items
from app.lists.models import Changed, OnDuplicate, Outcome
from app.lists.save_list import ListSettings
from app.settings import Settings
from tests.factory import Factory

pytestmark = pytest.mark.anyio

Entries = Sequence[str | NewItem]
TOMORROW = date(2100, 1, 1)


@dataclass
class Home:
    """Ada's household, with the lists Groceries (L1) and Hardware (L2), and what its followers were told."""

    engine: Engine
    actor: Actor
    told: list[Mapping[UUID, int]] = field(default_factory=list[Mapping[UUID, int]])

    @property
    def proven(self) -> ProvenHousehold:
        def note(household_id: UUID, lists: Mapping[UUID, int], themselves: Collection[UUID]) -> None:
            assert household_id == self.actor.default_household_id
            self.told.append(dict(lists))

        return prove_household(self.engine, self.actor, None, write=True, lists_changed=note)

    async def alone(
        self,
        *entries: str | NewItem,
        list_name: str | None = None,
        mode: OnDuplicate = "merge",
        answer: Callable[[Changed], Changed] = lambda changed: changed,
    ) -> Changed | None:
        return await add_items_alone(self.proven, entries, list_name, mode, answer)

    async def in_transaction(
        self, *entries: str | NewItem, list_name: str | None = None, mode: OnDuplicate = "merge"
    ) -> Changed:
        async with self.proven.open(write=True) as tenant:
            return await add_items(tenant, entries, list_name, mode, all_or_nothing=False)

    async def stored(self) -> dict[str, Any]:
        """All that is stored, but for what differs from household to household."""
        queries = {
            "items": "SELECT to_jsonb(items) - '{household_id,id,list_id,assignee_id,checked_at,checked_by}'::text[]"
            " FROM items ORDER BY no",
            "events": "SELECT to_jsonb(events) - '{household_id,at,person_id,client_id,grant_id,list_id}'::text[]"
            " FROM events ORDER BY no",
            "lists": "SELECT to_jsonb(lists) - '{household_id,id}'::text[] FROM lists ORDER BY no",
            "purchases": "SELECT to_jsonb(purchases) - '{household_id,id,item_id,bought_at,bought_by}'::text[]"
            " FROM purchases ORDER BY event_no, name",
            "aisles": "SELECT to_jsonb(aisles) - 'household_id' FROM aisles ORDER BY store_key, name_key",
            "clocks": "SELECT to_jsonb(clocks) - 'household_id' FROM clocks",
            "habits": "SELECT to_jsonb(habits) - 'household_id' FROM habits ORDER BY name_key",
        }
        async with transaction(self.engine, self.actor.default_household_id) as connection:
            found = {what: list((await connection.scalars(text(query))).all()) for what, query in queries.items()}
        for event in found["events"]:
            for change in event["changes"]:
                sides: list[dict[str, Any]] = [change[side] for side in ("before", "after") if side in change]
                for values in sides:
                    for personal in ("assignee_id", "checked_at", "checked_by"):
                        values.pop(personal, None)
                for kind in ("bought", "unbought"):
                    if kind in change:
                        change[kind] = change[kind]["name"]
        return found

    async def rev(self) -> int:
        async with open_transaction(self.engine, self.actor.default_household_id) as opened:
            return await opened.driver.fetchval("SELECT rev FROM clocks")


async def home_of(engine: Engine, settings: Settings) -> Home:
    person, _ = await Factory(engine, settings).person("Ada")
    async with transaction(engine) as connection:
        memberships = tuple(await households.memberships_of(connection, person.id))
    home = Home(engine, Actor(person.id, "tests", new_id(), memberships, memberships[0].household_id))
    async with home.proven.open(write=True) as tenant:
        await save_list.save_list(tenant, None, ListSettings(name="Hardware"))
    home.told.clear()
    return home


@pytest.fixture
async def home(engine: Engine, settings: Settings) -> Home:
    return await home_of(engine, settings)


@pytest.fixture
async def known(home: Home) -> Home:
    """A household whose next add goes in one message: it has a salt."""
    assert await home.alone("salt") is not None
    home.told.clear()
    return home


@pytest.fixture
async def other_process(home: Home, database: DatabaseUrls) -> AsyncGenerator[Driver]:
    """A connection in the household that is none of this process's pool."""
    driver = await connect(database.service)
    await driver.execute(f"SET app.household_id = '{home.actor.default_household_id}'")
    yield driver
    await driver.close()


def names_of(found: dict[str, Any]) -> list[str]:
    return [item["name"] for item in found["items"]]


# Both ways beside each other.

NAME = st.sampled_from(["milk", "Milk", "milks", "2 kg flour", "500 g flour", "3x milk", "milk (oat)", "bread", "Öl",
                        "0,5 l Öl", "tea\u200b", "", "x\0y", "sugar 1kg", "\U0001f956 baguette"])  # fmt: skip
DETAILED = st.builds(
    NewItem,
    name=st.sampled_from(["milk", "flour", "nails"]),
    quantity=st.none() | st.sampled_from([Decimal(2), Decimal("0.5"), Decimal(10) ** 11, Decimal(0)]),
    unit=st.none() | st.sampled_from(["kg", "packs", "bags"]),
    note=st.none() | st.just("oat"),
    store=st.none() | st.just("Market"),
    price=st.none() | st.just(Decimal("1.5")),
    priority=st.none() | st.sampled_from(["low", "high"]),
    not_before=st.none() | st.sampled_from([date(2020, 1, 1), TOMORROW]),
    repeat_every_days=st.none() | st.just(7),
    assignee=st.none() | st.sampled_from(["Ada", "Nobody"]),
)
Alone = Callable[[ProvenHousehold], Awaitable[Changed | None]]
InTransaction = Callable[[Tenant], Awaitable[Changed]]
Way = tuple[Alone, InTransaction]


def add(entries: Entries, list_name: str | None, mode: OnDuplicate) -> Way:
    return (
        lambda household: add_items_alone(household, entries, list_name, mode, as_it_is),
        lambda tenant: add_items(tenant, entries, list_name, mode, all_or_nothing=False),
    )


def check(name: str, list_name: str | None, checked: bool, store: str | None) -> Way:
    return (
        lambda household: check_item_alone(household, [name], list_name, checked=checked, store=store, answer=as_it_is),
        lambda tenant: check_items(tenant, [name], list_name, checked=checked, store=store),
    )


def update(change: Update, list_name: str | None, if_rev: int | None) -> Way:
    return (
        lambda household: update_item_alone(household, [change], list_name, if_rev, as_it_is),
        lambda tenant: update_items(tenant, [change], list_name, if_rev, all_or_nothing=False),
    )


def as_it_is(changed: Changed) -> Changed:
    return changed


ADD = st.builds(
    add,
    st.lists(NAME | DETAILED, min_size=1, max_size=4),
    st.sampled_from([None, None, "Groceries", "L2", "hardware", "Nowhere", "no\0thing"]),
    st.sampled_from(["merge", "merge", "separate", "skip"]),
)
ITEM = st.sampled_from(["milk", "milk", "milk (oat)", "flour", "bread", "i1", "i1", "I2", "i3", "i4", "nothing", ""])
ON = st.sampled_from([None, None, None, None, "L1", "L2", "Nowhere"])
CHECK = st.builds(check, ITEM, ON, st.booleans(), st.sampled_from([None, "Market", " kiosk "]))
UPDATE = st.builds(
    update,
    st.builds(
        Update,
        item=ITEM,
        name=st.none() | st.sampled_from(["milk", "butter"]),
        quantity=st.none() | st.sampled_from([Decimal(3), Decimal("0.25"), Decimal(0)]),
        unit=st.none() | st.sampled_from(["kg", "l"]),
        note=st.none() | st.just("fresh"),
        store=st.none() | st.just("Kiosk"),
        price=st.none() | st.just(Decimal(2)),
        not_before=st.none() | st.sampled_from([date(2020, 1, 1), TOMORROW]),
        assignee=st.none() | st.sampled_from(["Ada", "Nobody"]),
        clear=st.sampled_from([(), (), ("quantity",), ("unit",), ("note", "store"), ("price",)]),
    ),
    ON,
    st.sampled_from([None, None, 3]),
)
STEP = ADD | CHECK | UPDATE
FIRST = add(["milk", "2 kg flour", "milk (oat)", NewItem("bread", store="Market")], None, "merge")


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begin=ADD, steps=st.lists(STEP, min_size=1, max_size=8))
async def test_any_writes_store_and_answer_just_what_they_do_in_a_transaction(
    engine: Engine, settings: Settings, begin: Way, steps: list[Way]
) -> None:
    short, long = await home_of(engine, settings), await home_of(engine, settings)
    for alone, in_transaction in [FIRST, begin, *steps]:
        done = await outcome_alone(short, alone)
        if done is None:
            done = await outcome_in_transaction(short, in_transaction)
        assert done == await outcome_in_transaction(long, in_transaction)
        found, expected = await short.stored(), await long.stored()
        assert clock_of(found) == clock_of(expected)
        assert found == expected
        assert [len(each) for each in short.told] == [len(each) for each in long.told]
        await set_clocks_alike(short, long)


async def outcome_alone(home: Home, way: Alone) -> Any:
    """What a call says, or its refusal; None when it can't go alone."""
    try:
        done = await way(home.proven)
    except AppError as refusal:
        return refusal.code, refusal.message
    return None if done is None else shown(done)


async def outcome_in_transaction(home: Home, way: InTransaction) -> Any:
    try:
        async with home.proven.open(write=True) as tenant:
            return shown(await way(tenant))
    except AppError as refusal:
        return refusal.code, refusal.message


def shown(changed: Changed) -> Any:
    """What a result can be made of, but for ids."""
    entries = [
        (
            each.name,
            each.result.status,
            None if each.result.before is None else each.result.before.quantity,
            replace_ids(each.result),
        )
        if isinstance(each.result, Outcome)
        else (each.name, str(each.result))
        for each in changed.entries
    ]
    return [on.ref for on in changed.lists], changed.rev, changed.event_no, entries


def replace_ids(outcome: Outcome) -> Any:
    # The revision of an item is that of what is stored: a planned one may have that of before.
    return replace(
        outcome.item, id=UUID(int=0), list_id=UUID(int=0), assignee_id=None, checked_at=None, checked_by=None, rev=0
    )


def clock_of(found: dict[str, Any]) -> dict[str, Any]:
    """Take out the clock, without its revision: one that changed nothing has counted only where it took the lock."""
    (clock,) = found.pop("clocks")
    return {name: value for name, value in clock.items() if name != "rev"}


async def set_clocks_alike(*homes: Home) -> None:
    revs = [await home.rev() for home in homes]
    for home, rev in zip(homes, revs, strict=True):
        if rev < max(revs):
            async with open_transaction(home.engine, home.actor.default_household_id) as opened:
                await opened.driver.execute("UPDATE clocks SET rev = $1", max(revs))


# The gates.


async def test_what_is_new_is_answered_stored_and_told_as_one_change(known: Home) -> None:
    changed = await known.alone("milk", "2 kg flour")
    assert changed is not None
    (on,) = changed.lists
    assert known.told == [{on.id: changed.rev}]
    found = await known.stored()
    assert [(item["no"], item["name"], item["rev"]) for item in found["items"][1:]] == [
        (2, "milk", changed.rev),
        (3, "flour", changed.rev),
    ]
    assert (found["events"][-1]["no"], found["events"][-1]["rev"]) == (changed.event_no, changed.rev)
    assert found["lists"][0]["open_items"] == 3
    assert [each.result.item.ref for each in changed.entries if isinstance(each.result, Outcome)] == ["i2", "i3"]


async def test_a_thing_named_twice_is_one_line_or_two_as_asked(known: Home) -> None:
    merged = await known.alone("milk", "3x milk", "bread", "milk")
    assert merged is not None
    assert [(shown_entry[1], shown_entry[3].no) for shown_entry in shown(merged)[3]] == [
        ("added", 2),
        ("merged", 2),
        ("added", 3),
        ("skipped", 2),
    ]
    apart = await known.alone("tea", "tea", mode="separate")
    assert apart is not None
    assert [(entry[3].no, entry[3].variant) for entry in shown(apart)[3]] == [(4, 0), (5, 1)]
    assert names_of(await known.stored()) == ["salt", "milk", "bread", "tea", "tea"]


EARLY = "$1::uuid::text"


@pytest.mark.proves("tn-one-message")
@pytest.mark.parametrize("entry", ["milk", "1 kg salt"], ids=["new", "merged"])
async def test_parts_that_run_before_the_household_is_set_see_and_store_nothing(
    known: Home, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    before = await known.stored()
    patch_statements(monkeypatch, "set_config('app.household_id', $1::uuid::text, true)", EARLY)
    assert await known.alone(entry) is None
    assert await known.stored() == before
    assert known.told == []


@pytest.mark.proves("""tn-one-message-whole MUST own rule
    A change that goes in one message is stored whole or not at all, and told only if it is stored.
    Here: Each step hangs on the one before; the last one counts, and the caller falls back on a transaction.""")
@pytest.mark.parametrize("entries", [["milk"], ["milk", "bread"], ["1 kg salt"], ["1 kg salt", "rice"]])
@pytest.mark.parametrize("table", ["clocks", "lists"])
async def test_a_skipped_update_is_noticed_and_nothing_hangs_on_it(
    known: Home, monkeypatch: pytest.MonkeyPatch, table: str, entries: list[str]
) -> None:
    before = await known.stored()
    with monkeypatch.context() as patch:
        gate = f"AND {table}.household_id = $1"
        patch_statements(patch, gate, f"{gate} AND false", within="UPDATE ")
        assert await known.alone(*entries) is None
    after = await known.stored()
    assert (after["items"], after["events"], after["lists"]) == (before["items"], before["events"], before["lists"])
    assert known.told == []
    assert await known.alone(*entries) is not None, "the next one is not misled by it"


@pytest.mark.proves("tn-one-message-whole")
@pytest.mark.parametrize("way", ["check", "uncheck", "update"])
@pytest.mark.parametrize("table", ["clocks", "lists"])
async def test_a_skipped_update_of_one_item_is_noticed_as_well(
    known: Home, monkeypatch: pytest.MonkeyPatch, table: str, way: str
) -> None:
    alone: dict[str, Alone] = {
        "check": check("salt", None, True, "Market")[0],
        "uncheck": check("salt", None, False, None)[0],
        "update": update(Update("salt", quantity=Decimal(2)), None, None)[0],
    }
    if way == "uncheck":
        assert await alone["check"](known.proven) is not None
        known.told.clear()
    before = await known.stored()
    with monkeypatch.context() as patch:
        gate = f"AND {table}.household_id = $1"
        patch_statements(patch, gate, f"{gate} AND false", within="UPDATE ")
        assert await alone[way](known.proven) is None
    after = await known.stored()
    assert {**after, "clocks": before["clocks"]} == before
    assert known.told == []
    assert await alone[way](known.proven) is not None
    assert len(known.told) == 1


def patch_statements(patch: pytest.MonkeyPatch, old: str, new: str, *, within: str = "") -> None:
    """Replace a text in each statement of an add that goes alone; with `within`, only behind the first such text."""

    def changed(statement: str) -> str:
        head, mark, tail = statement.partition(within) if within else ("", "", statement)
        return head + mark + tail.replace(old, new)

    read = add_repository._READ_ALONE  # pyright: ignore[reportPrivateUsage]
    insert = add_repository._INSERT  # pyright: ignore[reportPrivateUsage]
    save = save_repository._SAVE_ALONE  # pyright: ignore[reportPrivateUsage]
    patch.setattr(add_repository, "_READ_ALONE", tuple(map(changed, read)))
    patch.setattr(add_repository, "_INSERT", {key: tuple(map(changed, both)) for key, both in insert.items()})
    patch.setattr(save_repository, "_SAVE_ALONE", {key: changed(statement) for key, statement in save.items()})


async def test_writers_of_one_household_at_once_lose_nothing_and_none_takes_the_lock(
    known: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Changed | None] = []

    async def add(number: int) -> None:
        done.append(await known.alone(f"thing {number}", "1 kg salt" if number % 5 == 0 else f"other {number}"))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(add, number)
    assert None not in done
    assert sorted(each.event_no or 0 for each in done if each is not None) == list(range(3, 23))
    found = await known.stored()
    assert sorted(names_of(found)) == sorted(
        ["salt", *(f"thing {n}" for n in range(20)), *(f"other {n}" for n in range(20) if n % 5)]
    )
    assert found["items"][0]["amount"] == 4000
    assert len({item["no"] for item in found["items"]}) == len(found["items"])


@pytest.mark.proves("tn-one-message-guess")
async def test_a_write_of_another_process_is_noticed(known: Home, other_process: Driver) -> None:
    await other_process.execute("UPDATE clocks SET rev = rev + 1, next_item = next_item + 7")
    changed = await known.alone("milk")
    assert changed is not None
    found = await known.stored()
    assert [(item["no"], item["name"]) for item in found["items"]] == [(1, "salt"), (9, "milk")]
    assert changed.rev == found["clocks"][0]["rev"] == found["items"][1]["rev"]


@pytest.mark.proves("tn-one-message-guess")
async def test_another_default_list_is_noticed(known: Home, other_process: Driver) -> None:
    await other_process.execute(
        "UPDATE memberships SET default_list_id = (SELECT id FROM lists WHERE no = 2) WHERE person_id = $1",
        known.actor.person_id,
    )
    changed = await known.alone("milk")
    assert changed is not None
    assert [on.ref for on in changed.lists] == ["L2"]
    assert [each["open_items"] for each in (await known.stored())["lists"]] == [1, 1]


@pytest.mark.proves("""tn-one-message-gone MUST own rule
    Callers that go away, in whatever number, keep no turn, lock or connection.
    Here: Waits for the turn, a connection and the lock are bounded; what was sent ends within 100 ms of waiting.""")
async def test_a_writer_that_holds_the_lock_is_left_to_the_transaction_soon(known: Home, other_process: Driver) -> None:
    before = await known.stored()
    async with other_process.transaction():
        await other_process.execute("UPDATE clocks SET rev = rev + 1")
        with anyio.fail_after(3):
            assert await known.alone("milk") is None
    assert names_of(await known.stored()) == names_of(before)
    assert await known.alone("milk") is not None


async def test_a_list_that_is_full_is_told_by_the_transaction(known: Home, other_process: Driver) -> None:
    await other_process.execute("UPDATE lists SET open_items = 10000 WHERE no = 1")
    assert await known.alone("milk") is None
    changed = await known.in_transaction("milk")
    (entry,) = changed.entries
    assert isinstance(entry.result, LimitReached)


async def test_a_list_that_is_not_there_is_told_by_the_transaction(known: Home) -> None:
    assert await known.alone("milk", list_name="Nowhere") is None
    with pytest.raises(NotFound):
        await known.in_transaction("milk", list_name="Nowhere")


@pytest.mark.proves("tn-one-message-whole")
@pytest.mark.parametrize("entry", ["milk", "1 kg salt"], ids=["new", "merged"])
async def test_what_can_not_be_told_is_not_stored(known: Home, entry: str) -> None:
    def fail(_: Changed) -> Changed:
        raise ValueError("not to be told")

    before = await known.stored()
    with pytest.raises(ValueError, match="not to be told"):
        await known.alone(entry, answer=fail)
    assert await known.stored() == before
    assert known.told == []


@pytest.mark.proves("tn-one-message-gone")
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("entry", ["milk", "1 kg salt"], ids=["new", "merged"])
async def test_a_call_that_is_cancelled_once_it_is_sent_is_carried_out_and_told(
    known: Home, monkeypatch: pytest.MonkeyPatch, entry: str, side: str
) -> None:
    send = transactions._send_alone  # pyright: ignore[reportPrivateUsage]
    reached, go = anyio.Event(), anyio.Event()

    async def held(driver: Driver, statement: str, *values: object) -> Any:
        if side == "before":
            reached.set()
            await go.wait()
        rows = await send(driver, statement, *values)
        if "false" not in [str(row[0]).lower() for row in rows]:  # the statement that stores it
            reached.set()
            await go.wait()
        return rows

    monkeypatch.setattr(transactions, "_send_alone", held)
    if entry != "milk" and side == "before":
        go.set()  # its first message only finds the salt
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(known.alone, entry)
        await reached.wait()
        tasks.cancel_scope.cancel()
        go.set()
    monkeypatch.undo()
    stored = await known.stored()
    is_there = "milk" in names_of(stored) if entry == "milk" else stored["items"][0]["amount"] == 1000
    assert is_there == bool(known.told), "followers hear of what is stored, and only of that"
    if side == "after" or entry == "milk":
        assert is_there
    assert await known.alone("bread") is not None, "the turn and the connection are free again"


@pytest.mark.proves("tn-one-message-whole")
@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_connection_that_is_cut_meanwhile_leaves_it_unknown_and_nothing_half_done(
    known: Home, monkeypatch: pytest.MonkeyPatch, side: str, database: DatabaseUrls
) -> None:
    send = transactions._send_alone  # pyright: ignore[reportPrivateUsage]

    async def cut(driver: Driver, statement: str, *values: object) -> Any:
        if side == "before":
            superuser = await connect(database.superuser)
            await superuser.execute("SELECT pg_terminate_backend($1)", driver.get_server_pid())
            await superuser.close()
            return await send(driver, statement, *values)
        await send(driver, statement, *values)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "_send_alone", cut)
        with pytest.raises(Unavailable, match="not known whether the change was saved"):
            await known.alone("milk")
    found = await known.stored()
    whole = side == "after"
    assert names_of(found) == (["salt", "milk"] if whole else ["salt"])
    assert len(found["events"]) == (3 if whole else 2)
    assert await known.alone("bread") is not None


async def test_one_connection_is_enough(known: Home, database: DatabaseUrls) -> None:
    single = create_engine(database.service, pool_size=1)
    async with open_transaction(single):
        pass  # connects
    home = Home(single, known.actor)
    with anyio.fail_after(10):
        assert await home.alone("milk") is not None
        assert await home.alone("1 kg salt") is not None
        assert await home.alone("milk", list_name="Nowhere") is None
        assert await home.in_transaction("bread")
    await single.dispose()


@pytest.mark.proves("tn-one-message-gone")
async def test_a_wait_for_the_turn_is_bounded_and_cancellable(known: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with await known.proven.take_turn():
        with anyio.move_on_after(0.01) as scope:
            await known.alone("milk")
        assert scope.cancelled_caught
        monkeypatch.setattr(transactions, "WRITERS", replace(transactions.WRITERS, seconds=0.01))
        with pytest.raises(Unavailable):
            await known.alone("milk")
    assert names_of(await known.stored()) == ["salt"]


@pytest.mark.proves("tn-one-message-guess")
async def test_what_is_expected_of_one_household_is_never_that_of_another(
    known: Home, engine: Engine, settings: Settings
) -> None:
    stranger = await home_of(engine, settings)
    assert expectations.of(known.proven, None) is not None
    assert expectations.of(stranger.proven, None) is None
    colleague = Home(engine, replace(known.actor, person_id=new_id()))
    assert expectations.of(colleague.proven, None) is None, "a person's default list is their own"


@pytest.mark.proves("""tn-one-message-guess MUST own rule
    What a process remembers of a household decides nothing, and serves no other household or person.
    Here: It is counters and the id of a list, found by proven ids; a statement with a wrong one stores nothing.""")
async def test_a_forged_expectation_stores_nothing_in_any_household(
    known: Home, engine: Engine, settings: Settings
) -> None:
    stranger = await home_of(engine, settings)
    of_known = expectations.of(known.proven, None)
    assert of_known is not None
    forged = replace(of_known, rev=await stranger.rev(), next_item=1, next_event=2)
    before = await known.stored(), await stranger.stored()
    item = Item(id=new_id(), no=1, list_id=of_known.list_id, name="milk", name_key="milk", position=0)
    assert (await add_repository.insert_alone(stranger.proven, None, forged, {}, [item], "[]"))[0] is False
    assert (await known.stored(), await stranger.stored()) == before


async def test_expectations_are_bounded(known: Home) -> None:
    few = Expectations(most=3)
    for _ in range(10):
        few.note_clock(Home(known.engine, known.actor).proven, 1, 1, 1)
    assert len(few) == 1


async def corrected(home: Home, name: str, category: str | None) -> None:
    change = Update(name, category=category) if category is not None else Update(name, clear=["category"])
    async with home.proven.open(write=True) as tenant:
        await update_items(tenant, [change], None, None, all_or_nothing=True)


async def taken_off(home: Home, name: str) -> None:
    async with home.proven.open(write=True) as tenant:
        await remove_items(tenant, [name], None, None, dry_run=False)


def note_writes(monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """Return a list that grows by each statement that is sent to store something alone."""
    send, sent = transactions._send_alone, list[str]()  # pyright: ignore[reportPrivateUsage]

    async def note(driver: Driver, statement: str, *values: object) -> Any:
        sent.append(statement)
        return await send(driver, statement, *values)

    monkeypatch.setattr(transactions, "_send_alone", note)
    return sent


async def test_what_a_transaction_stored_is_expected_by_the_next_add(
    known: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await known.alone("bread") is not None
    await taken_off(known, "bread")
    writes = note_writes(monkeypatch)
    assert await known.alone("butter") is not None
    assert len(writes) == 1


async def test_what_is_remembered_is_expected_after_it_was_read_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await home.alone("milk") is not None
    await corrected(home, "milk", "Dairy")
    await taken_off(home, "milk")
    assert await home.alone("milk") is not None, "which reads it"
    await taken_off(home, "milk")
    assert await home.alone("salt") is not None
    writes = note_writes(monkeypatch)
    assert await home.alone("milk") is not None
    assert len(writes) == 1
    assert [row["category"] for row in (await home.stored())["items"]] == ["Dairy", "Dairy", None, "Dairy"]


@pytest.mark.parametrize("category", ["Drinks", None])
async def test_an_outdated_expectation_of_what_is_remembered_is_noticed(home: Home, category: str | None) -> None:
    assert await home.alone("milk") is not None
    await corrected(home, "milk", "Dairy")
    await taken_off(home, "milk")
    assert await home.alone("milk") is not None
    await corrected(home, "milk", category)
    await taken_off(home, "milk")
    assert await home.alone("salt") is not None, "so that the clock is as expected"
    assert await home.alone("milk") is not None
    assert (await home.stored())["items"][-1]["category"] == category


async def test_a_forged_habit_stores_nothing(known: Home) -> None:
    expected = expectations.of(known.proven, None)
    assert expected is not None
    item = Item(id=new_id(), no=expected.next_item, list_id=expected.list_id, name="milk", name_key="milk", position=0)
    forged = {"milk": Habit("milk", category="Dairy", rev=1)}
    before = await known.stored()
    stored, found = await add_repository.insert_alone(known.proven, None, expected, forged, [item], "[]")
    assert not stored
    assert found is not None
    assert found.habits == {}
    assert await known.stored() == before
