"""Copying a list: its settings, and its items as things to buy."""

from typing import Any

import pytest

from app.db import Engine
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.looking import MILK, names, rows, statuses

pytestmark = pytest.mark.anyio


async def items_of(client: McpClient, name: str) -> list[dict[str, Any]]:
    found = (await client.call("list_items", list=name, view="all", detail="full"))["items"]
    return [{field: value for field, value in item.items() if field != "ref"} for item in found]


async def test_a_copy_has_the_settings_and_the_open_items_with_every_detail(client: McpClient) -> None:
    await client.call("save_list", name="Weekly", store="Market", currency="CHF", category_order=["Dairy", "Bread"])
    await client.call(
        "add_items", list="Weekly", items=["bread", {**MILK, "not_before": "2999-01-01"}, "milk (oat)", "2 milk", "tea"]
    )
    await client.call("check_items", list="Weekly", items=["tea"])
    await client.call("move_items", list="Weekly", items=["bread"], to="bottom")
    made = await client.call("save_list", name="This week", copy_of="weekly")
    assert statuses(made) == ["created", "added", "added", "added", "added"]
    assert made["list"] == "L3"
    original = await items_of(client, "Weekly")
    assert await items_of(client, "This week") == [item for item in original if item["name"] != "tea"]
    lists = {each["name"]: each for each in (await client.call("get_overview"))["lists"]}
    same = ("store", "currency")
    assert [lists["This week"].get(field) for field in same] == [lists["Weekly"].get(field) for field in same]
    assert (await client.call("list_items", list="Weekly"))["counts"]["checked"] == 1


async def test_given_settings_win(client: McpClient) -> None:
    await client.call("save_list", name="Weekly", store="Market")
    await client.call("save_list", name="Kiosk", copy_of="Weekly", store="Kiosk", default=True)
    lists = {each["name"]: each for each in (await client.call("get_overview"))["lists"]}
    assert lists["Kiosk"]["store"] == "Kiosk"
    await client.call("add_items", items=["gum"])
    assert await names(client, list="Kiosk") == ["gum"]


async def test_what_was_bought_is_to_be_bought_again(client: McpClient) -> None:
    await client.call("add_items", items=["2 milk", "bread", "tea"])
    await client.call("check_items", items=["milk", "tea"])
    await client.call("save_list", name="Again", copy_of="L1", copy_view="checked")
    await client.call("save_list", name="All", copy_of="L1", copy_view="all")
    assert await names(client, list="Again") == ["milk", "tea"]
    assert await names(client, list="All") == ["milk", "bread", "tea"]
    assert (await client.call("list_items", list="All"))["counts"] == {"open": 3, "checked": 0}


async def test_lines_of_one_name_become_separate_open_lines(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "milk"], on_duplicate="separate")
    await client.call("check_items", items=["i1"])
    await client.call("save_list", name="All", copy_of="L1", copy_view="all")
    assert await names(client, list="All") == ["milk", "milk"]


async def test_new_items_come_behind_the_copied_ones(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "bread"])
    await client.call("save_list", name="Copy", copy_of="L1")
    await client.call("add_items", list="Copy", items=["tea"])
    assert await names(client, list="Copy") == ["milk", "bread", "tea"]


async def test_a_copy_is_undone_and_brought_back(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "bread"])
    made = await client.call("save_list", name="Copy", copy_of="L1", default=True)
    before = await items_of(client, "Copy")
    undone = await client.call("undo", undo_ref=made["undo_ref"])
    assert sorted(statuses(undone)) == ["undone", "undone", "undone"]
    assert [each["name"] for each in (await client.call("get_overview"))["lists"]] == ["Groceries"]
    redone = await client.call("undo", undo_ref=undone["undo_ref"])
    assert sorted(statuses(redone)) == ["undone", "undone", "undone"]
    assert await items_of(client, "Copy") == before
    again = await client.call("undo", undo_ref=redone["undo_ref"])
    assert sorted(statuses(again)) == ["undone", "undone", "undone"]
    assert [each["name"] for each in (await client.call("get_overview"))["lists"]] == ["Groceries"]


async def test_undo_keeps_a_copy_with_an_item_that_was_changed_since(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "bread"])
    made = await client.call("save_list", name="Copy", copy_of="L1")
    await client.call("check_items", list="Copy", items=["bread"])
    undone = await client.call("undo", undo_ref=made["undo_ref"])
    assert sorted(statuses(undone)) == ["failed", "failed", "undone"]
    assert [item["name"] for item in await items_of(client, "Copy")] == ["bread"]


async def test_a_copy_that_can_not_be_made_says_why(client: McpClient) -> None:
    await client.call("save_list", name="Weekly")
    for arguments, code, field in [
        ({"copy_of": "L1"}, "invalid", "name"),
        ({"name": "New", "copy_of": "Nowhere"}, "not_found", "copy_of"),
        ({"name": "New", "copy_of": "*"}, "not_found", "copy_of"),
        ({"name": "weekly", "copy_of": "L1"}, "conflict", "name"),
        ({"list": "Weekly", "copy_of": "L1"}, "invalid", "copy_of"),
        ({"name": "New", "copy_view": "all"}, "invalid", "copy_view"),
    ]:
        refusal = await client.refusal("save_list", **arguments)
        assert (refusal["code"], refusal.get("field")) == (code, field), arguments
    assert len((await client.call("get_overview"))["lists"]) == 2


async def test_a_copy_is_one_event_of_the_new_list(client: McpClient, engine: Engine, ada: Connected) -> None:
    await client.call("add_items", items=["milk", "bread"])
    await client.call("save_list", name="Copy", copy_of="L1")
    events = await rows(
        engine, ada.household_id, "SELECT kind, jsonb_array_length(changes) AS n FROM events ORDER BY no"
    )
    assert [(each["kind"], each["n"]) for each in events] == [("add_items", 2), ("save_list", 3)]
    (event,) = (await client.call("get_activity", list="Copy"))["events"]
    assert [each["what"] for each in event["changes"]] == ["added", "added", "made"]
