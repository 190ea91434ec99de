"""Arguments as hosts send them: what plainly means a valid one is taken, and one bad entry fails alone."""

import json
from typing import Any

import pytest

from app.mcp.catalogue import TOOLS
from app.mcp.coercion import coerce_arguments
from app.mcp.spec import AnyTool
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import ARGUMENTS

pytestmark = pytest.mark.anyio


def stand_in(schema: dict[str, Any]) -> Any:
    """What a model sends that must send every argument and means none."""
    return [] if schema.get("type") == "array" else ""


WITH_OPTIONAL = [
    tool for tool in TOOLS if set(tool.input_schema["properties"]) - {*tool.input_schema.get("required", ())}
]
"""All but `search` and `fetch`, which have one argument each."""


@pytest.mark.parametrize("tool", WITH_OPTIONAL, ids=lambda tool: tool.name)
async def test_an_empty_text_for_an_optional_argument_is_the_same_as_leaving_it_out(
    client: McpClient, tool: AnyTool
) -> None:
    """OpenAI's strict mode makes every property required."""
    await client.call("add_items", items=["tea"])
    await client.call("save_list", name="Hardware")
    await client.call("save_recipe", name="Soup", items=["stock"])
    schema = tool.input_schema
    optional = {
        name: stand_in(each)
        for name, each in schema["properties"].items()
        if name not in schema.get("required", ()) and name not in ARGUMENTS[tool.name]
    }
    assert optional
    result = await client.result("tools/call", {"name": tool.name, "arguments": {**optional, **ARGUMENTS[tool.name]}})
    # Nobody is invited and nobody else is a member here, which is what two tools say then.
    refused = json.loads(result["content"][0]["text"])["error"]["code"] if result["isError"] else None
    assert refused in ((None, "not_found", "conflict") if tool.name in ("join_household", "update_member") else (None,))
    alone = coerce_arguments({**optional, **ARGUMENTS[tool.name]}, schema)
    assert alone == coerce_arguments(ARGUMENTS[tool.name], schema)


async def test_an_empty_text_for_a_part_of_an_entry_is_the_same_as_leaving_it_out(each_era: McpClient) -> None:
    empty = {"unit": "", "note": "", "category": "", "store": "", "assignee": "", "priority": "", "not_before": ""}
    added = await each_era.call("add_items", items=[{"name": "milk", "quantity": "", **empty}])
    assert added["counts"] == {"added": 1}
    update: dict[str, Any] = {"item": "milk", "name": "", "price": "", "repeat_every_days": "", **empty, "clear": []}
    assert (await each_era.call("update_items", items=[update]))["counts"] == {"unchanged": 1}
    assert (await each_era.call("list_items"))["items"] == [{"ref": "i1", "name": "milk"}]


async def test_an_empty_name_of_a_key_never_replays(client: McpClient) -> None:
    for number in (1, 2):
        added = await client.call("add_items", items=["milk"], on_duplicate="separate", idempotency_key="")
        assert added["results"][0]["ref"] == f"i{number}"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"limit": 1.0}, {"limit": 1}),
        ({"limit": "1"}, {"limit": 1}),
        ({"limit": "1.0"}, {"limit": 1}),
        ({"since_rev": "0"}, {"since_rev": 0}),
        ({"view": "OPEN"}, {"view": "open"}),
        ({"list": None, "cursor": None}, {}),
    ],
)
async def test_a_number_as_a_text_or_with_a_point_counts_as_what_it_is(
    each_era: McpClient, sent: dict[str, Any], meant: dict[str, Any]
) -> None:
    await each_era.call("add_items", items=["milk", "bread"])
    assert await each_era.call("list_items", **sent) == await each_era.call("list_items", **meant)


@pytest.mark.parametrize(
    ("written", "number"), [("2", 2), ("1.5", 1.5), ("1,5", 1.5), (" 3 ", 3), (2.0, 2), ("0,125", 0.125)]
)
async def test_numbers_of_an_entry_may_be_texts(client: McpClient, written: Any, number: float) -> None:
    item = {"name": "flour", "quantity": written, "unit": "kg", "price": "1,99", "repeat_every_days": "7"}
    added = await client.call("add_items", items=[item])
    assert added["counts"] == {"added": 1}
    (listed,) = (await client.call("list_items", detail="full"))["items"]
    assert (listed["quantity"], listed["price"], listed["repeat_every_days"]) == (number, 1.99, 7)


@pytest.mark.parametrize("written", ["1,500", "1.000,5", "two", "1/2 kg", "NaN", "1e5", "0x10"])
async def test_what_could_be_two_numbers_or_none_is_refused(client: McpClient, written: str) -> None:
    error = await client.refusal("add_items", items=[{"name": "flour", "quantity": written}])
    assert (error["code"], error["field"]) == ("invalid", "items[0].quantity")


@pytest.mark.parametrize(("written", "status"), [("true", "checked"), ("True", "checked"), ("false", "unchanged")])
async def test_booleans_may_be_texts(client: McpClient, written: str, status: str) -> None:
    await client.call("add_items", items=["milk"])
    assert (await client.call("check_items", items=["milk"], checked=written))["counts"] == {status: 1}


@pytest.mark.parametrize(
    "items",
    [
        "milk",
        ["milk"],
        {"name": "milk"},
        [{"name": "milk"}],
        [{"item": "milk"}],
        '["milk"]',
        '[{"name": "milk"}]',
        [{"ref": "i1", "name": "milk", "checked": False}],
        [{"name": "milk", "note": "lactose free"}],
        [{"ref": "", "name": "milk (lactose free)"}],
    ],
    ids=str,
)
async def test_one_item_and_items_as_results_show_them_stand_for_names(each_era: McpClient, items: Any) -> None:
    await each_era.call("add_items", items="milk (lactose free)")
    checked = await each_era.call("check_items", items=items)
    assert [(each["ref"], each["status"]) for each in checked["results"]] == [("i1", "checked")]


async def test_one_object_counts_as_a_list_of_one(each_era: McpClient) -> None:
    await each_era.call("add_items", items={"name": "milk", "quantity": 2})
    await each_era.call("update_items", items={"item": "milk", "note": "fresh", "quantity": 3, "clear": "unit"})
    await each_era.call("save_list", list="L1", category_order="Dairy")
    assert (await each_era.call("list_items"))["items"] == [
        {"ref": "i1", "name": "milk", "quantity": 3, "note": "fresh"}
    ]
    assert (await each_era.call("get_overview"))["lists"][0]["category_order"] == ["Dairy"]


BAD_ENTRIES: list[tuple[str, Any, str]] = [
    ("add_items", 5, "items[1]"),
    ("add_items", None, "items[1]"),
    ("add_items", {"name": "tea", "quantity": "lots"}, "items[1].quantity"),
    ("add_items", {"name": "tea", "priority": "urgent"}, "items[1].priority"),
    ("add_items", {"name": "tea", "not_before": "tomorrow"}, "items[1].not_before"),
    ("add_items", {"name": "tea", "repeat_every_days": 1.5}, "items[1].repeat_every_days"),
    ("add_items", {"name": "tea", "colour": "green"}, "items[1].colour"),
    ("add_items", {"quantity": 2}, "items[1].name"),
    ("update_items", "tea", "items[1]"),
    ("update_items", {"item": "tea", "quantity": {}}, "items[1].quantity"),
    ("update_items", {"item": "tea", "clear": ["name"]}, "items[1].clear[0]"),
    ("update_items", {"name": "tea"}, "items[1].item"),
    ("check_items", 5, "items[1]"),
    ("check_items", {"colour": "green"}, "items[1]"),
    ("move_items", ["tea"], "items[1]"),
    ("remove_items", True, "items[1]"),
]
MORE: dict[str, dict[str, Any]] = {"move_items": {"to": "top"}}


@pytest.mark.parametrize(("tool", "bad", "field"), BAD_ENTRIES, ids=str)
async def test_a_bad_value_in_one_entry_fails_that_entry_and_not_the_call(
    each_era: McpClient, tool: str, bad: Any, field: str
) -> None:
    await each_era.call("add_items", items=["milk", "bread"])
    good: Any = {"item": "milk", "note": "fresh"} if tool == "update_items" else "milk"
    last: Any = {"item": "bread", "note": "rye"} if tool == "update_items" else "bread"
    answer = await each_era.call(tool, items=[good, bad, last], **MORE.get(tool, {}))
    assert [each["status"] == "failed" for each in answer["results"]] == [False, True, False]
    failed = answer["results"][1]
    assert failed["error"]["field"] == field
    assert failed["error"]["message"].startswith(field)
    assert answer["counts"]["failed"] == 1


async def test_all_faults_of_an_entry_are_told_at_once(client: McpClient) -> None:
    entry = {"name": "tea", "quantity": "lots", "priority": "urgent", "colour": "green"}
    error = (await client.call("add_items", items=["milk", entry]))["results"][1]["error"]
    for field in ("items[1].quantity", "items[1].priority", "items[1].colour"):
        assert f"{field} " in error["message"]


async def test_all_faults_of_a_call_are_told_at_once(each_era: McpClient) -> None:
    wrong = {"items": [{"name": "milk", "price": "lots"}], "on_duplicate": "add", "split": 3, "colour": "green"}
    error = await each_era.refusal("add_items", **wrong)
    told = ["on_duplicate", "split", "colour", "items[0].price"]
    assert error["code"] == "invalid"
    assert sorted(each["field"] for each in error["errors"]) == sorted(told)
    assert all(f"{field} " in error["message"] for field in told)
    assert (await each_era.call("list_items"))["rev"] == 0


async def test_a_bad_entry_behind_a_text_of_several_lines_has_the_number_of_its_result(client: McpClient) -> None:
    added = await client.call("add_items", items=["milk\nbread\neggs", {"name": "tea", "price": "lots"}])
    assert added["results"][3]["error"]["field"] == "items[3].price"
    assert added["results"][3]["error"]["message"].startswith("items[3].price ")


async def test_a_call_with_bad_entries_is_replayed_by_its_key(client: McpClient) -> None:
    sent: dict[str, Any] = {"items": ["milk", {"name": "tea", "price": "lots"}, 5], "idempotency_key": "once"}
    first = await client.call("add_items", **sent)
    assert first["counts"] == {"added": 1, "failed": 2}
    assert await client.call("add_items", **sent) == first
    sent["items"][2] = 6
    assert (await client.refusal("add_items", **sent))["code"] == "conflict"


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("amount", "quantity"),
        ("qty", "quantity"),
        ("shop", "store"),
        ("comment", "note"),
        ("assigned_to", "assignee"),
        ("due", "not_before"),
        ("catgory", "category"),
    ],
)
async def test_the_nearest_name_is_the_right_one(client: McpClient, argument: str, meant: str) -> None:
    error = await client.refusal("add_items", items=[{"name": "milk", argument: 2}])
    assert error["candidates"] == [meant]
    assert f"Did you mean {meant}?" in error["message"]


@pytest.mark.parametrize("argument", ["checked", "bought", "done"])
async def test_who_would_check_off_by_update_items_is_told_what_does_it(client: McpClient, argument: str) -> None:
    await client.call("add_items", items=["milk"])
    error = await client.refusal("update_items", items=[{"item": "milk", argument: True}])
    assert error["field"] == f"items[0].{argument}"
    assert "use check_items" in error["message"]


async def test_me_is_the_caller_wherever_a_person_is_named(factory: Factory, client: McpClient, ada: Connected) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    await client.call("add_items", items=[{"name": "milk", "assignee": "me"}, {"name": "tea", "assignee": "Bob"}])
    await client.call("update_items", items=[{"item": "tea", "assignee": "Me"}])
    listed = (await client.call("list_items"))["items"]
    assert [each["assignee"] for each in listed] == ["Ada", "Ada"]
    await client.call("update_items", where_assignee="me", set_assignee="Bob")
    await client.call("update_items", view="all", set_assignee="myself")
    assert {each["assignee"] for each in (await client.call("list_items"))["items"]} == {"Ada"}
    assert len((await client.call("get_activity", person="me"))["events"]) == 4
    assert (await client.call("get_activity", person="Bob"))["events"] == []
    data = "name,assignee\nbread,me\n"
    assert (await client.call("import_items", data=data))["counts"] == {"added": 1}


def test_an_argument_of_several_types_without_an_object_among_them_stays_as_it_was_sent() -> None:
    schema = {"properties": {"size": {"anyOf": [{"type": "string"}, {"enum": [1]}]}}}
    assert coerce_arguments({"size": '{"a": 1}'}, schema) == {"size": '{"a": 1}'}
