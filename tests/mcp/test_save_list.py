"""Making lists, changing their settings, and deleting them."""

from typing import Any

import pytest

from app.db import Engine
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names, refs, rows, statuses

pytestmark = pytest.mark.anyio


async def lists(client: McpClient) -> dict[str, dict[str, Any]]:
    return {each["ref"]: each for each in (await client.call("get_overview"))["lists"]}


async def test_a_new_list_has_the_settings_it_was_made_with(each_era: McpClient) -> None:
    saved = await each_era.call(
        "save_list", name=" Hardware ", store="Depot", currency="chf", category_order=["A", "A"]
    )
    settings = {"store": "Depot", "currency": "CHF", "category_order": "A"}
    assert saved["results"] == [{"ref": "L2", "name": "Hardware", "status": "created", "changes": settings}]
    assert (saved["list"], saved["rev"], saved["undo_ref"]) == ("L2", 1, "e1")
    assert (await lists(each_era))["L2"] == {
        "ref": "L2",
        "name": "Hardware",
        "open": 0,
        "checked": 0,
        "rev": 1,
        "store": "Depot",
        "currency": "CHF",
        "category_order": ["A"],
    }


async def test_settings_that_are_not_named_stay(client: McpClient) -> None:
    await client.call("save_list", name="Hardware", store="Depot", currency="EUR")
    renamed = await client.call("save_list", list="hardware", name="Tools")
    assert [(each["status"], each["changes"]) for each in renamed["results"]] == [
        ("updated", {"name": "Hardware → Tools"})
    ]
    assert (await lists(client))["L2"]["store"] == "Depot"
    cleared = await client.call("save_list", list="L2", clear=["store", "currency", "category_order"])
    assert cleared["results"][0]["changes"] == {"store": "Depot → –", "currency": "EUR → –"}
    assert not {"store", "currency", "category_order"} & set((await lists(client))["L2"])
    same = await client.call("save_list", list="L2", name="Tools", archived=False, default=False)
    assert statuses(same) == ["unchanged"]
    assert "undo_ref" not in same


async def test_a_name_is_taken_once_in_any_case(each_era: McpClient) -> None:
    for arguments in ({"name": "GROCERIES"}, {"name": "Groceries"}):
        error = await each_era.refusal("save_list", **arguments)
        assert (error["code"], error["field"], error["candidates"]) == ("conflict", "name", ["Groceries (L1)"])
    await each_era.call("save_list", list="L1", name="GROCERIES")
    await each_era.call("save_list", name="Hardware")
    assert (await each_era.refusal("save_list", list="L2", name="groceries"))["code"] == "conflict"
    assert len(await lists(each_era)) == 2


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "*"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a", "currency": "EURO"}, "currency"),
        ({"name": "a", "currency": "XXX"}, "currency"),
        ({"name": "a", "store": "a\0"}, "store"),
        ({"name": "a", "category_order": ["a", ""]}, "category_order[1]"),
    ],
)
async def test_a_setting_that_can_not_be_is_refused_by_its_name(
    client: McpClient, arguments: dict[str, Any], field: str
) -> None:
    error = await client.refusal("save_list", **arguments)
    assert (error["code"], error["field"]) == ("invalid", field)
    assert len(await lists(client)) == 1


async def test_the_default_list_is_each_persons_own(factory: Factory, client: McpClient, ada: Connected) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    bobs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    await client.call("save_list", name="Hardware", default=True)
    assert (await client.call("get_overview"))["default_list"] == "L2"
    assert (await bobs.call("get_overview"))["default_list"] == "L1"
    await client.call("save_list", list="L2", default=False)
    assert (await client.call("get_overview"))["default_list"] == "L1"


async def test_an_archived_list_is_put_away_and_comes_back(client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("save_list", list="L1", archived=True)
    assert (await client.call("get_overview"))["default_list"] == "L2"
    assert (await lists(client))["L1"]["archived"] is True
    await client.call("save_list", list="L1", archived=False)
    assert (await client.call("get_overview"))["default_list"] == "L1"


async def test_the_chosen_default_list_is_none_while_it_is_archived(client: McpClient) -> None:
    await client.call("save_list", name="Party", default=True)
    await client.call("save_list", list="Party", archived=True)
    assert (await client.call("get_overview"))["default_list"] == "L1"
    assert (await client.call("add_items", items=["milk"]))["list"] == "L1"
    await client.call("save_list", list="Party", archived=False)
    assert (await client.call("get_overview"))["default_list"] == "L2"


async def test_items_are_grouped_in_the_lists_order_of_categories(client: McpClient) -> None:
    await client.call("save_list", list="L1", category_order=["Fruit", "Dairy"])
    pairs = [("nails", "Tools"), ("milk", "Dairy"), ("pear", "Fruit"), ("ham", "Deli"), ("x", None), ("fig", "Fruit")]
    await client.call("add_items", items=[{"name": name, "category": category} for name, category in pairs])
    assert await names(client, group_by="category") == ["pear", "fig", "milk", "ham", "nails", "x"]
    first = await client.call("list_items", group_by="category", limit=3)
    rest = await client.call("list_items", group_by="category", cursor=first["next_cursor"])
    assert [item["name"] for item in rest["items"]] == ["ham", "nails", "x"]


async def test_a_household_has_two_hundred_lists_at_most(client: McpClient, engine: Engine, ada: Connected) -> None:
    statement = """
        INSERT INTO lists (household_id, id, no, name, name_key, rev)
        SELECT id, gen_random_uuid(), n, 'list ' || n, 'list ' || n, 0 FROM households, generate_series(2, 200) AS n
        WHERE id = nullif(current_setting('app.household_id', true), '')::uuid RETURNING 1"""
    await rows(engine, ada.household_id, statement)
    await rows(engine, ada.household_id, "UPDATE clocks SET next_list = 201 RETURNING 1")
    assert (await client.refusal("save_list", name="One more"))["code"] == "limit"
    await client.call("delete_list", list="L7", confirm_name="list 7")
    assert (await client.call("save_list", name="One more"))["list"] == "L201"


async def test_a_deleted_list_is_gone_with_what_was_on_it(each_era: McpClient) -> None:
    await each_era.call("save_list", name="Hardware")
    await each_era.call("add_items", items=["nails"], list="Hardware")
    seen = (await each_era.call("list_items", list="*"))["rev"]
    deleted = await each_era.call("delete_list", list="L2", confirm_name="Hardware")
    assert deleted["results"] == [{"ref": "L2", "name": "Hardware", "status": "deleted"}]
    assert (await each_era.refusal("list_items", list="L2"))["code"] == "not_found"
    everywhere = await each_era.call("list_items", list="*", since_rev=seen)
    assert (everywhere["items"], everywhere["removed"]) == ([], ["i1"])
    assert everywhere["counts"] == {"open": 0, "checked": 0}
    assert (await each_era.refusal("check_items", items=["i1"]))["code"] == "not_found"
    again = await each_era.call("save_list", name="Hardware")
    assert again["list"] == "L3", "a ref never changes its meaning"


async def test_a_list_is_deleted_only_by_its_full_name_and_never_the_last(client: McpClient) -> None:
    error = await client.refusal("delete_list", list="L1", confirm_name="Groceries")
    assert (error["code"], error["field"]) == ("conflict", "list")
    await client.call("save_list", name="Hardware")
    for name in ("hardwar", "Groceries", "L2"):
        error = await client.refusal("delete_list", list="L2", confirm_name=name)
        assert (error["code"], error["field"]) == ("invalid", "confirm_name")
    assert len(await lists(client)) == 2


async def test_deleting_takes_the_right_to_write_and_the_name_in_any_case_and_says_how_much_went(
    factory: Factory, client: McpClient, ada: Connected
) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["nails", "glue"], list="L2")
    await client.call("check_items", items=["glue"], list="L2")
    lesser = await factory.connect(ada.person, ada.household_id, scopes=("lists:read", "lists:write"))
    editor = McpClient(client.http, lesser.token)
    reader = await factory.connect(ada.person, ada.household_id, scopes=("lists:read",))
    arguments = {"name": "delete_list", "arguments": {"list": "L2", "confirm_name": "HARDWARE"}}
    response = await McpClient(client.http, reader.token).send("tools/call", arguments)
    assert response.status_code == 403
    assert "lists:write" in response.headers["www-authenticate"]
    result = await editor.result("tools/call", arguments)
    deleted = result["structuredContent"]
    assert (deleted["counts"], deleted["items"]) == ({"deleted": 1}, 2)
    assert result["content"][1]["text"] == "Deleted: Hardware. 2 items went with it."
    undone = await editor.call("undo", undo_ref=deleted["undo_ref"])
    assert undone["counts"] == {"undone": 1}
    assert await refs(client, list="L2", view="all") == ["i1", "i2"]
