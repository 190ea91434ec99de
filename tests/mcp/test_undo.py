"""Undoing one call: everything goes back, what changed since is left alone, and an undo can be undone."""

from typing import Any

import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.lists.models import ITEMS_PER_LIST, LISTS_PER_HOUSEHOLD
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import errors, names, refs, rows, statuses

pytestmark = pytest.mark.anyio

MILK: dict[str, Any] = {"name": "milk", "quantity": 2, "unit": "l", "note": "fresh", "price": 1.5, "store": "Market"}


async def everything(client: McpClient) -> dict[str, Any]:
    """All that people can see, without revisions."""
    seen = await client.call("list_items", list="*", view="all", detail="full", limit=200)
    overview = await client.call("get_overview")
    lists = [{key: value for key, value in each.items() if key != "rev"} for each in overview["lists"]]
    return {"items": seen["items"], "lists": lists, "default": overview.get("default_list")}


@pytest.fixture
async def shop(client: McpClient) -> McpClient:
    """Ada's client, with two lists that have something on them."""
    await client.call("save_list", name="Hardware", store="Depot")
    await client.call("add_items", items=["nails", "glue"], list="L2")
    await client.call("add_items", items=[MILK, "bread", "500 g flour", "tea"])
    await client.call("check_items", items=["tea"])
    return client


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("add_items", {"items": ["jam", "1 kg flour", "bread", "tea", "milk (oat)"]}),
    ("add_items", {"items": ["bread"], "on_duplicate": "separate"}),
    ("update_items", {"items": [{"item": "milk", "name": "bread", "quantity": 7, "clear": ["note", "price"]}]}),
    ("update_items", {"items": [{"item": "milk", "assignee": "Ada", "not_before": "2999-01-01"}]}),
    ("check_items", {"items": ["milk", "bread", "nails", "i1"], "store": "Market"}),
    ("check_items", {"items": ["tea"], "checked": False}),
    ("move_items", {"items": ["tea", "milk"], "to": "bottom"}),
    ("move_items", {"items": ["flour"], "before": "milk"}),
    ("move_items", {"items": ["milk", "bread"], "to_list": "L2", "to": "top"}),
    ("remove_items", {"items": ["milk", "tea", "i1"]}),
    ("remove_items", {"what": "checked"}),
    ("save_list", {"name": "Garden", "default": True, "currency": "CHF"}),
    ("save_list", {"list": "L2", "name": "Tools", "clear": ["store"], "category_order": ["A"], "archived": True}),
    ("save_list", {"list": "L2", "default": True}),
    ("delete_list", {"list": "L2", "confirm_name": "Hardware"}),
]


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_undo_restores_exactly_and_undoing_that_brings_it_back(
    shop: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    before = await everything(shop)
    changed = await shop.call(tool, **arguments)
    after = await everything(shop)
    assert after != before
    undone = await shop.call("undo", undo_ref=changed["undo_ref"])
    assert set(statuses(undone)) <= {"undone"}
    assert await everything(shop) == before
    assert (await shop.refusal("undo", undo_ref=changed["undo_ref"]))["candidates"] == [undone["undo_ref"]]
    if tool == "delete_list":
        return  # that would take more than the right to write
    redone = await shop.call("undo", undo_ref=undone["undo_ref"])
    assert set(statuses(redone)) <= {"undone"}
    assert await everything(shop) == after
    last = await shop.call("undo", undo_ref=redone["undo_ref"])
    assert await everything(shop) == before
    assert last["rev"] > redone["rev"] > undone["rev"] > changed["rev"]


async def test_what_changed_since_is_a_conflict_and_left_alone(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["2 milk", "bread"])
    updates = [{"item": "milk", "quantity": 3, "note": "fresh"}, {"item": "bread", "note": "rye"}]
    changed = await each_era.call("update_items", items=updates)
    await each_era.call("add_items", items=["milk (fresh)"])
    await each_era.call("add_items", items=["4 milk (fresh)"])
    undone = await each_era.call("undo", undo_ref=changed["undo_ref"])
    assert statuses(undone) == ["undone", "undone"]
    assert errors(undone) == [("conflict", "undo_ref"), None]
    assert "quantity" in undone["results"][0]["error"]["message"]
    items = (await each_era.call("list_items"))["items"]
    assert items == [{"ref": "i1", "name": "milk", "quantity": 7}, {"ref": "i2", "name": "bread"}]


async def test_an_added_item_that_was_changed_since_stays(client: McpClient) -> None:
    added = await client.call("add_items", items=["milk", "bread", "tea", "jam"])
    await client.call("check_items", items=["milk"])
    await client.call("add_items", items=["2 bread"])
    await client.call("remove_items", items=["tea"])
    await client.call("move_items", items=["jam"], to="top")
    undone = await client.call("undo", undo_ref=added["undo_ref"])
    assert statuses(undone) == ["failed", "failed", "unchanged", "undone"]
    assert [each["ref"] for each in undone["results"]] == ["i1", "i2", "i3", "i4"]
    assert sorted(await names(client, view="all")) == ["bread", "milk"]


async def test_an_added_item_that_was_moved_to_another_list_since_stays(shop: McpClient) -> None:
    added = await shop.call("add_items", items=["screws"])
    await shop.call("move_items", items=["screws"], to_list="L2")
    assert (await shop.refusal("undo", undo_ref=added["undo_ref"]))["code"] == "conflict"
    assert "screws" in await names(shop, list="L2")


async def test_a_check_that_was_taken_back_and_made_again_is_another_one(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk"])
    first = await client.call("check_items", items=["milk"])
    await client.call("check_items", items=["milk"], checked=False)
    await client.call("check_items", items=["milk"])
    before = await rows(engine, ada.household_id, "SELECT * FROM items")
    assert (await client.refusal("undo", undo_ref=first["undo_ref"]))["code"] == "conflict"
    assert await rows(engine, ada.household_id, "SELECT * FROM items") == before
    assert len(await rows(engine, ada.household_id, "SELECT * FROM purchases")) == 1


async def test_what_is_as_before_already_is_no_conflict(client: McpClient) -> None:
    await client.call("add_items", items=["milk (fresh)"])
    updated = await client.call("update_items", items=[{"item": "milk", "note": "sour"}])
    await client.call("update_items", items=[{"item": "milk", "note": "fresh"}])
    undone = await client.call("undo", undo_ref=updated["undo_ref"])
    assert (statuses(undone), errors(undone)) == (["unchanged"], [None])


async def test_what_was_removed_since_stays_removed_and_as_it_was(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    updated = await client.call("update_items", items=[{"item": "milk", "note": "fresh"}])
    removed = await client.call("remove_items", items=["milk"])
    assert (await client.refusal("undo", undo_ref=updated["undo_ref"]))["code"] == "conflict"
    await client.call("undo", undo_ref=removed["undo_ref"])
    assert (await client.call("list_items"))["items"] == [{"ref": "i1", "name": "milk", "note": "fresh"}]


async def test_where_everything_changed_since_nothing_is_undone_and_it_can_be_tried_again(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    first = await client.call("update_items", items=[{"item": "milk", "note": "a"}])
    second = await client.call("update_items", items=[{"item": "milk", "note": "b"}])
    assert (await client.refusal("undo", undo_ref=first["undo_ref"]))["code"] == "conflict"
    await client.call("undo", undo_ref=second["undo_ref"])
    assert statuses(await client.call("undo", undo_ref=first["undo_ref"])) == ["undone"]
    assert (await client.call("list_items"))["items"] == [{"ref": "i1", "name": "milk"}]


async def test_a_call_is_undone_once_and_the_answer_names_the_undo(client: McpClient) -> None:
    added = await client.call("add_items", items=["milk"])
    undone = await client.call("undo", undo_ref=added["undo_ref"])
    error = await client.refusal("undo", undo_ref="E1")
    assert (error["code"], error["field"], error["candidates"]) == ("conflict", "undo_ref", [undone["undo_ref"]])
    await client.call("undo", undo_ref=undone["undo_ref"])
    assert statuses(await client.call("undo", undo_ref="e1")) == ["undone"]


@pytest.mark.parametrize("ref", ["e9", "i1", "57", " ", "e-1", "e1-", "e1--e1", "e2-e1", "e99999999999999", "e٣"])
async def test_what_is_no_call_on_record_is_not_found(client: McpClient, ref: str) -> None:
    await client.call("add_items", items=["milk"])
    error = await client.refusal("undo", undo_ref=ref)
    assert (error["code"], error["field"]) == ("not_found", "undo_ref")
    assert await names(client) == ["milk"]


async def test_a_call_that_changed_nothing_has_nothing_to_undo(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("add_items", items=["milk"], on_duplicate="skip", idempotency_key="k")
    assert (await client.refusal("undo", undo_ref="e2"))["code"] == "conflict"


async def test_undoing_a_merge_takes_back_only_its_part(client: McpClient) -> None:
    await client.call("add_items", items=["500 g flour"])
    merged = await client.call("add_items", items=["1 kg flour"])
    undone = await client.call("undo", undo_ref=merged["undo_ref"])
    assert undone["results"][0]["quantity"] == "500 g"


async def test_undoing_a_check_takes_the_purchase_back_and_redoing_restores_it(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=[MILK])
    checked = await client.call("check_items", items=["milk"])
    bought = await rows(engine, ada.household_id, "SELECT * FROM purchases")
    aisles = await rows(engine, ada.household_id, "SELECT * FROM aisles")
    undone = await client.call("undo", undo_ref=checked["undo_ref"])
    assert await rows(engine, ada.household_id, "SELECT * FROM purchases") == []
    await client.call("undo", undo_ref=undone["undo_ref"])
    again = await rows(engine, ada.household_id, "SELECT * FROM purchases")
    assert [{**row, "event_no": 0} for row in again] == [{**row, "event_no": 0} for row in bought]
    assert await rows(engine, ada.household_id, "SELECT * FROM aisles") == aisles


async def test_a_line_that_comes_back_beside_its_namesake_stays_apart(client: McpClient) -> None:
    await client.call("add_items", items=["2 milk"])
    removed = await client.call("remove_items", items=["milk"])
    await client.call("add_items", items=["3 milk"])
    assert statuses(await client.call("undo", undo_ref=removed["undo_ref"])) == ["undone"]
    assert [item["quantity"] for item in (await client.call("list_items"))["items"]] == [2, 3]


async def test_a_deleted_list_comes_back_with_what_was_on_it_for_its_followers_too(shop: McpClient) -> None:
    seen = (await shop.call("list_items", list="*"))["rev"]
    deleted = await shop.call("delete_list", list="L2", confirm_name="Hardware")
    undone = await shop.call("undo", undo_ref=deleted["undo_ref"])
    assert undone["results"] == [{"ref": "L2", "name": "Hardware", "status": "undone"}]
    assert await refs(shop, list="*", since_rev=deleted["rev"]) == ["i1", "i2"]
    assert (await shop.call("list_items", list="*", since_rev=seen)).get("removed") is None
    assert (await shop.refusal("undo", undo_ref=undone["undo_ref"]))["code"] == "conflict"
    assert await names(shop, list="L2") == ["nails", "glue"]


async def test_a_list_whose_name_was_taken_stays_deleted(shop: McpClient) -> None:
    deleted = await shop.call("delete_list", list="L2", confirm_name="Hardware")
    await shop.call("save_list", name="hardware")
    refused = await shop.refusal("undo", undo_ref=deleted["undo_ref"])
    assert refused["candidates"] == ["hardware (L3)"]


async def test_what_was_on_a_list_that_is_deleted_stays_as_it_is(shop: McpClient) -> None:
    moved = await shop.call("move_items", items=["i1"], to_list="L1")
    removed = await shop.call("remove_items", items=["glue"], list="L2")
    await shop.call("delete_list", list="L2", confirm_name="Hardware")
    assert (await shop.refusal("undo", undo_ref=moved["undo_ref"]))["code"] == "conflict"
    assert (await shop.refusal("undo", undo_ref=removed["undo_ref"]))["code"] == "conflict"
    assert "nails" in await names(shop)


async def test_a_new_list_in_use_is_not_undone(client: McpClient) -> None:
    made = await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["nails"], list="Hardware")
    assert (await client.refusal("undo", undo_ref=made["undo_ref"]))["code"] == "conflict"


async def test_of_many_results_a_hundred_are_shown_and_conflicts_first(client: McpClient) -> None:
    for start in (0, 100):
        await client.call("add_items", items=[f"thing {number}" for number in range(start, start + 100)])
        await client.call("check_items", items=[f"i{number + 1}" for number in range(start, start + 100)])
    removed = await client.call("remove_items", what="checked")
    undone = await client.call("undo", undo_ref=removed["undo_ref"])
    assert (len(undone["results"]), undone["counts"]) == (100, {"undone": 200})
    await client.call("remove_items", items=["i200", "i150"])
    again = await client.call("undo", undo_ref=undone["undo_ref"])
    assert (len(again["results"]), again["counts"]) == (100, {"undone": 198, "failed": 2})
    assert [(each["ref"], each["status"]) for each in again["results"][:2]] == [("i150", "failed"), ("i200", "failed")]


async def test_what_would_come_back_to_a_full_list_waits_for_room(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk", "bread"])
    removed = await client.call("remove_items", items=["milk", "bread"])
    statement = """
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev)
        SELECT household_id, gen_random_uuid(), id, n, 'item ' || n, 'item ' || n, n::bigint << 20, 1
        FROM lists, generate_series(3, :last) AS n"""
    async with transaction(engine, ada.household_id, write=True) as connection:
        await connection.execute(text(statement), {"last": ITEMS_PER_LIST + 1})
        await connection.execute(text("UPDATE clocks SET next_item = :next"), {"next": ITEMS_PER_LIST + 2})
        await connection.execute(text("UPDATE lists SET open_items = :open"), {"open": ITEMS_PER_LIST - 1})
    undone = await client.call("undo", undo_ref=removed["undo_ref"])
    assert (statuses(undone), errors(undone)) == (["undone", "failed"], [None, ("limit", "undo_ref")])
    assert (await client.call("list_items", limit=1))["counts"]["open"] == ITEMS_PER_LIST


async def test_a_deleted_list_stays_so_while_the_household_has_as_many_as_it_may_have(
    shop: McpClient, engine: Engine, ada: Connected
) -> None:
    deleted = await shop.call("delete_list", list="L2", confirm_name="Hardware")
    statement = """
        INSERT INTO lists (household_id, id, no, name, name_key, rev)
        SELECT :household, gen_random_uuid(), n, 'list ' || n, 'list ' || n, 0 FROM generate_series(10, :last) AS n"""
    async with transaction(engine, ada.household_id, write=True) as connection:
        values = {"household": ada.household_id, "last": 8 + LISTS_PER_HOUSEHOLD}
        await connection.execute(text(statement), values)
    assert (await shop.refusal("undo", undo_ref=deleted["undo_ref"]))["code"] == "limit"
    assert "Hardware" not in [each["name"] for each in (await shop.call("get_overview"))["lists"]]


async def test_the_last_list_is_not_undone(client: McpClient) -> None:
    made = await client.call("save_list", name="Hardware")
    await client.call("delete_list", list="L1", confirm_name="Groceries")
    assert (await client.refusal("undo", undo_ref=made["undo_ref"]))["code"] == "conflict"
    assert [each["ref"] for each in (await client.call("get_overview"))["lists"]] == ["L2"]


async def test_a_default_list_that_was_chosen_since_stays_the_default(client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    chosen = await client.call("save_list", list="L2", default=True)
    await client.call("save_list", name="Garden", default=True)
    await client.call("undo", undo_ref=chosen["undo_ref"])
    assert (await client.call("get_overview"))["default_list"] == "L3"


async def test_a_renamed_thing_that_is_undone_is_found_by_its_old_name(client: McpClient) -> None:
    await client.call("add_items", items=["2 milk"])
    renamed = await client.call("update_items", items=[{"item": "milk", "name": "bread"}])
    await client.call("undo", undo_ref=renamed["undo_ref"])
    merged = await client.call("add_items", items=["3 milk"])
    assert (merged["results"][0]["status"], merged["results"][0]["quantity"]) == ("merged", "5")


async def test_a_key_makes_an_undo_that_is_sent_twice_one_undo(each_era: McpClient) -> None:
    added = await each_era.call("add_items", items=["milk"])
    first = await each_era.call("undo", undo_ref=added["undo_ref"], idempotency_key="once")
    assert await each_era.call("undo", undo_ref=added["undo_ref"], idempotency_key="once") == first
    assert await names(each_era) == []
    # The key of the undone call still answers what that call did, and does nothing.
    added = await each_era.call("add_items", items=["tea"], idempotency_key="tea")
    await each_era.call("undo", undo_ref=added["undo_ref"])
    assert await each_era.call("add_items", items=["tea"], idempotency_key="tea") == added
    assert await names(each_era) == []


async def test_a_member_undoes_what_another_did(factory: Factory, client: McpClient, ada: Connected) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    bobs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    added = await client.call("add_items", items=["milk"])
    assert statuses(await bobs.call("undo", undo_ref=added["undo_ref"])) == ["undone"]
    assert await names(client) == []
