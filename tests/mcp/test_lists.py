"""Which list is meant, reopening what was bought, and the bounds of a list."""

from uuid import UUID

import pytest
from sqlalchemy import text

from app.db import Engine, new_id, transaction
from app.lists.models import ITEMS_PER_LIST
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def run(engine: Engine, household_id: UUID, statement: str, **values: object) -> None:
    async with transaction(engine, household_id, write=True) as connection:
        await connection.execute(text(statement), {"household": household_id, **values})


@pytest.fixture
async def hardware(engine: Engine, ada: Connected) -> UUID:
    """A second list, L2."""
    list_id = new_id()
    statement = """
        INSERT INTO lists (household_id, id, no, name, name_key, rev)
        VALUES (:household, :id, 2, 'Hardware', 'hardware', 0)"""
    await run(engine, ada.household_id, statement, id=list_id)
    return list_id


@pytest.mark.usefixtures("hardware")
async def test_the_oldest_list_is_the_default_one(client: McpClient) -> None:
    assert (await client.call("list_items"))["list"] == "L1"


async def test_a_person_may_choose_another_default_list(
    client: McpClient, engine: Engine, ada: Connected, hardware: UUID
) -> None:
    await run(engine, ada.household_id, "UPDATE memberships SET default_list_id = :id", id=hardware)
    assert (await client.call("get_overview"))["default_list"] == "L2"
    await client.call("add_items", items=["nails"])
    assert (await client.call("list_items", list="Hardware"))["items"][0]["name"] == "nails"


async def test_an_archived_or_deleted_list_is_not_the_default_one(
    client: McpClient, engine: Engine, ada: Connected, hardware: UUID
) -> None:
    await run(engine, ada.household_id, "UPDATE lists SET archived_at = now() WHERE no = 1")
    assert (await client.call("list_items"))["list"] == "L2"
    await run(engine, ada.household_id, "UPDATE lists SET deleted_at = now() WHERE id = :id", id=hardware)
    assert (await client.call("list_items"))["list"] == "L1"
    assert (await client.refusal("list_items", list="L2"))["code"] == "not_found"


async def test_a_list_named_like_a_ref_is_found_by_its_name(
    client: McpClient, engine: Engine, ada: Connected, hardware: UUID
) -> None:
    await run(engine, ada.household_id, "UPDATE lists SET name = 'L1', name_key = 'l1' WHERE id = :id", id=hardware)
    assert (await client.call("list_items", list="L1"))["name"] == "Groceries", "a ref never changes its meaning"
    assert (await client.call("list_items", list="L2"))["name"] == "L1"


async def test_all_lists_are_read_together(client: McpClient, hardware: UUID) -> None:
    assert hardware
    await client.call("add_items", items=["milk"])
    added = await client.call("add_items", items=["nails"], list="Hardware")
    both = await client.call("list_items", list="*")
    assert [(item["list"], item["name"]) for item in both["items"]] == [("L1", "milk"), ("L2", "nails")]
    assert both["rev"] == added["rev"]
    assert "list" not in both


async def test_what_was_bought_comes_back_under_its_ref_with_the_new_quantity_only(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["5 milk", "bread"])
    await run(engine, ada.household_id, "UPDATE items SET checked_at = now(), rev = 2 WHERE no = 1")
    assert (await client.call("list_items", view="checked"))["items"][0]["checked"] is True
    assert (await client.call("list_items", since_rev=1))["removed"] == ["i1"]
    again = await client.call("add_items", items=["2 milk"])
    assert again["results"] == [{"name": "milk", "status": "restored", "ref": "i1", "quantity": "2", "was": "5"}]
    assert [item["ref"] for item in (await client.call("list_items"))["items"]] == ["i2", "i1"]


async def test_a_full_list_refuses_what_does_not_fit_and_takes_the_rest(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk"])
    statement = """
        WITH full_list AS (SELECT id FROM lists WHERE household_id = :household)
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev)
        SELECT :household, gen_random_uuid(), full_list.id, n, 'item ' || n, 'item ' || n, n::bigint << 20, 1
        FROM full_list, generate_series(2, :most) AS n"""
    await run(engine, ada.household_id, statement, most=ITEMS_PER_LIST - 1)
    await run(engine, ada.household_id, "UPDATE clocks SET next_item = :next", next=ITEMS_PER_LIST)
    await run(engine, ada.household_id, "UPDATE lists SET open_items = :open", open=ITEMS_PER_LIST - 1)
    added = await client.call("add_items", items=["2 milk", "tea", "jam"])
    assert [each["status"] for each in added["results"]] == ["merged", "added", "failed"]
    assert (added["results"][2]["error"]["code"], added["results"][2]["error"]["field"]) == ("limit", "items[2]")
