"""A list in the order of its store, as it was learned from shopping trips."""

from typing import Any

import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names

pytestmark = pytest.mark.anyio

IN_STORE = ["apples", "bread", "milk", "cheese", "soap", "ice cream"]
ON_LIST = ["soap", "ice cream", "milk", "apples", "cheese", "bread"]
LEARNED = 'learned for "Aldi"'


async def end_trip(engine: Engine, household_id: Any) -> None:
    """Let the trip be over: what was bought is a day older."""
    async with transaction(engine, household_id) as connection:
        await connection.execute(text("UPDATE purchases SET bought_at = bought_at - interval '1 day'"))


@pytest.fixture
async def learned(engine: Engine, ada: Connected, client: McpClient) -> None:
    """Two trips through Aldi, each thing checked off on its own, and a list for the third one."""
    await client.call("save_list", list="Groceries", store="Aldi")
    for _ in range(2):
        await client.call("add_items", items=ON_LIST)
        for each in IN_STORE:
            await client.call("check_items", items=[each])
        await end_trip(engine, ada.household_id)
    await client.call("add_items", items=ON_LIST)


async def test_a_list_is_in_the_order_of_its_store_once_that_is_known(learned: None, each_way: McpClient) -> None:
    page = await each_way.call("list_items")
    assert [each["name"] for each in page["items"]] == IN_STORE
    assert page["order"] == LEARNED
    assert (await each_way.call("list_items", group_by="none"))["items"] == page["items"]


async def test_one_trip_teaches_too_little(engine: Engine, ada: Connected, client: McpClient) -> None:
    await client.call("save_list", list="Groceries", store="Aldi")
    await client.call("add_items", items=ON_LIST)
    for each in IN_STORE:
        await client.call("check_items", items=[each])
    await client.call("add_items", items=ON_LIST)
    page = await client.call("list_items")
    assert ([each["name"] for each in page["items"]], "order" in page) == (ON_LIST, False)


async def test_a_store_that_is_asked_for_has_its_own_order(learned: None, client: McpClient) -> None:
    await client.call("update_items", items=[{"item": "bread", "store": "Bakery"}])
    page = await client.call("list_items", store="aldi")
    assert [each["name"] for each in page["items"]] == [each for each in IN_STORE if each != "bread"]
    assert page["order"] == 'learned for "aldi"'
    page = await client.call("list_items", store="Bakery")
    assert ([each["name"] for each in page["items"]], "order" in page) == (["bread"], False)


async def test_what_is_new_stands_where_others_of_its_category_are_or_at_the_end(
    learned: None, client: McpClient
) -> None:
    await client.call(
        "update_items", items=[{"item": "milk", "category": "Dairy"}, {"item": "cheese", "category": "Dairy"}]
    )
    await client.call("add_items", items=["nuts", {"name": "yogurt", "category": "dairy"}])
    assert await names(client) == ["apples", "bread", "milk", "yogurt", "cheese", "soap", "ice cream", "nuts"]
    grouped = await client.call("list_items", group_by="category")
    assert [each["name"] for each in grouped["items"]][:3] == ["milk", "cheese", "yogurt"]
    assert grouped["order"] == LEARNED


async def test_a_persons_own_order_wins_until_it_is_undone_or_bought(learned: None, client: McpClient) -> None:
    moved = await client.call("move_items", items=["ice cream"], to="top")
    page = await client.call("list_items")
    assert (page["items"][0]["name"], "order" in page) == ("ice cream", False)
    undone = await client.call("undo", undo_ref=moved["undo_ref"])
    assert await names(client) == IN_STORE
    await client.call("undo", undo_ref=undone["undo_ref"])
    assert "order" not in await client.call("list_items")
    await client.call("check_items", items=["ice cream"])
    assert await names(client) == [each for each in IN_STORE if each != "ice cream"]


async def test_an_order_of_categories_wins(learned: None, client: McpClient) -> None:
    await client.call("save_list", list="Groceries", category_order=["Frozen"])
    page = await client.call("list_items")
    assert ([each["name"] for each in page["items"]], "order" in page) == (ON_LIST, False)


async def test_other_groups_and_what_changed_since_are_in_their_own_order(learned: None, client: McpClient) -> None:
    for arguments in ({"group_by": "store"}, {"group_by": "assignee"}, {"since_rev": 0}):
        page = await client.call("list_items", **arguments)
        assert "order" not in page, arguments


async def test_what_comes_from_another_list_is_no_order_of_ones_own(learned: None, client: McpClient) -> None:
    await client.call("save_list", name="Later")
    await client.call("add_items", items=["bread"], list="Later")
    await client.call("check_items", items=["bread"])
    await client.call("move_items", items=["bread"], list="Later", to_list="Groceries")
    assert await names(client, list="Groceries") == IN_STORE


async def test_pages_are_in_one_order_whatever_is_learned_meanwhile(learned: None, each_era: McpClient) -> None:
    found: list[str] = []
    page = await each_era.call("list_items", limit=2)
    while True:
        found += [each["name"] for each in page["items"]]
        if "next_cursor" not in page:
            break
        assert page["order"] == LEARNED
        page = await each_era.call("list_items", limit=2, cursor=page["next_cursor"])
    assert found == IN_STORE
    plain = await each_era.call("list_items", limit=2, group_by="store")
    refusal = await each_era.refusal("list_items", limit=2, cursor=plain["next_cursor"])
    assert refusal["field"] == "cursor"
    page = await each_era.call("list_items", limit=2)
    await each_era.call("move_items", items=["soap"], to="top")
    rest = await each_era.call("list_items", limit=50, cursor=page["next_cursor"])
    assert [each["name"] for each in [*page["items"], *rest["items"]]] == IN_STORE


async def test_a_page_that_began_in_the_lists_order_goes_on_in_it(
    engine: Engine, ada: Connected, client: McpClient
) -> None:
    await client.call("save_list", list="Groceries", store="Aldi")
    await client.call("add_items", items=[*ON_LIST, "nuts", "tea"])
    page = await client.call("list_items", limit=2)
    async with transaction(engine, ada.household_id) as connection:
        for place, name in enumerate(["tea", "nuts", "soap", "milk", "bread"]):
            await connection.execute(
                text("INSERT INTO aisles VALUES (:household, 'aldi', :name, :place, 2)"),
                {"household": ada.household_id, "name": name, "place": place},
            )
    await client.call("add_items", items=["figs"])
    rest = await client.call("list_items", limit=50, cursor=page["next_cursor"])
    assert [each["name"] for each in [*page["items"], *rest["items"]]] == [*ON_LIST, "nuts", "tea", "figs"]
    assert (await names(client))[0] == "tea"


async def test_unchecking_takes_back_what_was_learned(learned: None, client: McpClient) -> None:
    for each in IN_STORE[:3]:
        checked = await client.call("check_items", items=[each])
        await client.call("undo", undo_ref=checked["undo_ref"])
    page = await client.call("list_items")
    assert ([each["name"] for each in page["items"]], page["order"]) == (IN_STORE, LEARNED)


async def test_one_household_learns_nothing_from_another(learned: None, factory: Factory, client: McpClient) -> None:
    theirs = McpClient(client.http, (await factory.connected("Eve")).token)
    await theirs.call("save_list", list="Groceries", store="Aldi")
    await theirs.call("add_items", items=ON_LIST)
    page = await theirs.call("list_items")
    assert ([each["name"] for each in page["items"]], "order" in page) == (ON_LIST, False)
