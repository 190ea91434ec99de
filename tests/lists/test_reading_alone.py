"""Pages that are read in one message: the same as in a transaction, and of one household only."""

import pytest

from app.db import Engine, create_engine, new_id, transaction
from app.db.embedded import DatabaseUrls
from app.db.engine import CONTEXT
from app.errors import NotFound
from app.households import repository as households
from app.households.tenant import Actor, ProvenHousehold, prove_household
from app.lists import query_repository
from app.lists.items.add import NewItem, add_items
from app.lists.queries import Page, Request, read_items, read_items_alone
from app.settings import Settings
from tests.factory import Factory

pytestmark = pytest.mark.anyio

ENTRIES = ["milk", "2 kg flour", NewItem("bread", assignee="Ada", note="rye", price=None), "0,5 l Öl", "tea"]


async def household_with(engine: Engine, settings: Settings, *entries: str | NewItem) -> ProvenHousehold:
    person, _ = await Factory(engine, settings).person("Ada")
    async with transaction(engine) as connection:
        memberships = tuple(await households.memberships_of(connection, person.id))
    actor = Actor(person.id, "tests", new_id(), memberships, memberships[0].household_id)
    household = prove_household(engine, actor, None, write=True)
    if entries:
        async with household.open(write=True) as tenant:
            await add_items(tenant, entries, None, "merge", all_or_nothing=True)
    return household


async def in_transaction(household: ProvenHousehold, request: Request) -> Page:
    async with household.open(write=False) as tenant:
        return await read_items(tenant, request)


async def test_each_page_is_the_one_that_a_transaction_reads(engine: Engine, settings: Settings) -> None:
    household = await household_with(engine, settings, *ENTRIES)
    cursor, names = None, list[str]()
    for _ in range(3):
        for name in (None, "Groceries", "l1"):
            request = Request(name, cursor=cursor, limit=2)
            page = await read_items_alone(household, request)
            assert page == await in_transaction(household, request)
            assert page is not None
        cursor = page.next_cursor
        names += [row.name for row in page.rows]
    assert names == ["milk", "flour", "bread", "Öl", "tea"]
    assert cursor is None


async def test_a_list_without_items_has_a_page(engine: Engine, settings: Settings) -> None:
    household = await household_with(engine, settings)
    assert await read_items_alone(household, Request()) == await in_transaction(household, Request())


async def test_what_takes_more_than_a_message_is_left_to_the_transaction(engine: Engine, settings: Settings) -> None:
    household = await household_with(engine, settings, "milk")
    for request in (Request("*"), Request(view="all"), Request(query="milk"), Request("Nowhere"), Request("no\0thing")):
        assert await read_items_alone(household, request) is None
    with pytest.raises(NotFound):
        await in_transaction(household, Request("Nowhere"))


@pytest.mark.proves("tn-one-message")
async def test_a_page_read_before_the_household_is_set_is_none_at_all(
    engine: Engine, settings: Settings, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    single = create_engine(database.service, pool_size=1)
    household = await household_with(single, settings, "milk")
    assert await read_items_alone(household, Request()) is not None
    early = CONTEXT.replace("set_config('app.household_id', $1::uuid::text, true)", "$1::uuid::text")
    statements = query_repository._ALONE  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(query_repository, "_ALONE", tuple(each.replace(CONTEXT, early) for each in statements))
    assert await read_items_alone(household, Request()) is None
    assert await read_items_alone(household, Request("Groceries")) is None
    await single.dispose()
