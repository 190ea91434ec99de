"""Bad input to every tool: a clear error that names the field; never a 5xx, never half a change."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.mcp.catalogue import TOOLS
from tests.mcp.client import MODERN, McpClient, body_of

pytestmark = pytest.mark.anyio

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("get_overview", {"household": 5}, "household"),
    ("get_overview", {"household": "x" * 201}, "household"),
    ("get_overview", {"houshold": "Home"}, "houshold"),
    ("list_items", {"list": ["Groceries"]}, "list"),
    ("list_items", {"list": "x" * 201}, "list"),
    ("list_items", {"view": "everything"}, "view"),
    ("list_items", {"group_by": 1}, "group_by"),
    ("list_items", {"limit": 0}, "limit"),
    ("list_items", {"limit": 201}, "limit"),
    ("list_items", {"limit": "fifty"}, "limit"),
    ("list_items", {"limit": "1,500"}, "limit"),
    ("list_items", {"limit": True}, "limit"),
    ("list_items", {"since_rev": -1}, "since_rev"),
    ("list_items", {"since_rev": 2**63}, "since_rev"),
    ("list_items", {"since_rev": 1.5}, "since_rev"),
    ("list_items", {"query": "a\0b"}, "query"),
    ("list_items", {"cursor": 3}, "cursor"),
    ("list_items", {"limit": {}}, "limit"),
    ("add_items", {}, "items"),
    ("add_items", {"items": []}, "items"),
    ("add_items", {"items": 5}, "items"),
    ("add_items", {"items": [5]}, "items[0]"),
    ("add_items", {"items": [None]}, "items[0]"),
    ("add_items", {"items": [{"quantity": 2}]}, "items[0].name"),
    ("add_items", {"items": [{"name": "milk", "quantitty": 2}]}, "items[0].quantitty"),
    ("add_items", {"items": [{"name": "milk", "quantity": "lots"}]}, "items[0].quantity"),
    ("add_items", {"items": [{"name": "milk", "quantity": [2]}]}, "items[0].quantity"),
    ("add_items", {"items": [{"name": "milk", "priority": "urgent"}]}, "items[0].priority"),
    ("add_items", {"items": [{"name": "milk", "not_before": "tomorrow"}]}, "items[0].not_before"),
    ("add_items", {"items": [{"name": "milk", "repeat_every_days": 1.5}]}, "items[0].repeat_every_days"),
    ("add_items", {"items": ["milk"] * 101}, "items"),
    ("add_items", {"items": ["milk"], "on_duplicate": "add"}, "on_duplicate"),
    ("add_items", {"items": ["milk"], "all_or_nothing": "yes"}, "all_or_nothing"),
    ("add_items", {"items": ["milk"], "idempotency_key": " "}, "idempotency_key"),
    ("add_items", {"items": ["milk"], "idempotency_key": "k" * 201}, "idempotency_key"),
    ("add_items", {"items": ["milk"], "idempotency_key": "a\0"}, "idempotency_key"),
    ("add_items", {"items": ["milk"], "item": "bread"}, "item"),
    ("get_activity", {"since": 5}, "since"),
    ("get_activity", {"until": "soon"}, "until"),
    ("get_activity", {"kind": "theft"}, "kind"),
    ("get_activity", {"limit": 101}, "limit"),
    ("get_activity", {"person": ["Ada"]}, "person"),
    ("get_activity", {"cursor": 3}, "cursor"),
    ("get_spending", {"group_by": "day"}, "group_by"),
    ("get_spending", {"since": "soon"}, "since"),
    ("get_spending", {"item": " "}, "item"),
    ("get_spending", {"item": "a\0"}, "item"),
    ("export_list", {"format": "xml"}, "format"),
    ("export_list", {"view": 1}, "view"),
    ("update_items", {}, "items"),
    ("update_items", {"items": []}, "items"),
    ("update_items", {"items": ["milk"]}, "items[0]"),
    ("update_items", {"items": [{"name": "milk"}]}, "items[0].item"),
    ("update_items", {"items": [{"item": "milk", "colour": "white"}]}, "items[0].colour"),
    ("update_items", {"items": [{"item": "milk", "quantity": "some"}]}, "items[0].quantity"),
    ("update_items", {"items": [{"item": "milk", "clear": ["name"]}]}, "items[0].clear[0]"),
    ("update_items", {"items": [{"item": "milk", "clear": "all"}]}, "items[0].clear[0]"),
    ("update_items", {"items": [{"item": "milk"}] * 101}, "items"),
    ("update_items", {"items": [{"item": "milk"}], "if_rev": -1}, "if_rev"),
    ("check_items", {}, "items"),
    ("check_items", {"items": [{"title": "milk"}]}, "items[0]"),
    ("check_items", {"items": ["milk"], "checked": "no"}, "checked"),
    ("check_items", {"items": ["milk"], "store": "a\0"}, "store"),
    ("check_items", {"items": ["milk"], "store": "x" * 101}, "store"),
    ("check_items", {"items": ["milk"] * 101}, "items"),
    ("move_items", {"items": ["milk"]}, "to"),
    ("move_items", {"items": ["milk"], "to": "middle"}, "to"),
    ("move_items", {"items": ["milk"], "to": "top", "before": "bread"}, "before"),
    ("move_items", {"items": ["milk"], "to_list": 2}, "to_list"),
    ("remove_items", {}, "items"),
    ("remove_items", {"items": ["milk"], "what": "checked"}, "items"),
    ("remove_items", {"what": "everything"}, "what"),
    ("remove_items", {"items": ["milk"], "dry_run": 1}, "dry_run"),
    ("save_list", {}, "name"),
    ("save_list", {"name": "\0"}, "name"),
    ("save_list", {"name": "*"}, "name"),
    ("save_list", {"name": "x", "currency": "money"}, "currency"),
    ("save_list", {"name": "x", "category_order": 5}, "category_order"),
    ("save_list", {"name": "x", "clear": ["name"]}, "clear[0]"),
    ("save_list", {"name": "x", "store": "Aldi", "clear": ["store"]}, "store"),
    ("save_list", {"name": "x", "category_order": ["c"] * 101}, "category_order"),
    ("save_list", {"name": "x", "category_order": [""]}, "category_order[0]"),
    ("save_list", {"name": "x", "archived": "yes"}, "archived"),
    ("delete_list", {"list": "Groceries"}, "confirm_name"),
    ("delete_list", {"confirm_name": "Groceries"}, "list"),
    ("delete_list", {"list": "Groceries", "confirm_name": ""}, "confirm_name"),
    ("delete_list", {"list": "Groceries", "confirm_name": "Grocery"}, "confirm_name"),
    ("undo", {}, "undo_ref"),
    ("undo", {"undo_ref": 1}, "undo_ref"),
    ("undo", {"undo_ref": "e" * 21}, "undo_ref"),
]


@pytest.mark.parametrize(("tool", "arguments", "field"), WRONG)
async def test_a_fault_in_the_call_refuses_it_and_names_the_field(
    each_era: McpClient, tool: str, arguments: dict[str, Any], field: str
) -> None:
    error = await each_era.refusal(tool, **arguments)
    assert (error["code"], error["field"]) == ("invalid", field)
    assert error["message"].startswith(field)
    assert "pydantic" not in error["message"]
    assert (await each_era.call("list_items"))["rev"] == 0


async def test_null_means_left_out(each_era: McpClient) -> None:
    """Several hosts send every optional argument, as null."""
    await each_era.call("add_items", items=[{"name": "milk", "quantity": None}], list=None, on_duplicate=None)
    assert len((await each_era.call("list_items", view=None, limit=None, cursor=None))["items"]) == 1


async def test_an_unknown_argument_gets_the_nearest_right_name(client: McpClient) -> None:
    error = await client.refusal("list_items", lst="Groceries")
    assert error["candidates"] == ["list"]
    error = await client.refusal("add_items", items=[{"name": "milk", "quantitty": 2}])
    assert error["candidates"] == ["quantity"]


GOOD_TEXT = [
    "🥛🧀",
    "👨‍👩‍👧‍👦 treats",
    "חלב טרי",
    "حليب ٢ لتر",
    "牛奶",
    "Crème fraîche",
    "<script>alert(1)</script>",
    "'; DROP TABLE items; --",
    "[x](https://evil.example/x.png)",
    "x" * 200,
    "NaN kg rice",
    "99999999999999999999 kg rice",
    "1/0 kg rice",
]


@pytest.mark.parametrize("name", GOOD_TEXT)
async def test_any_visible_text_is_a_name(each_era: McpClient, name: str) -> None:
    await each_era.call("add_items", items=[{"name": name, "quantity": 1}])
    assert [item["name"] for item in (await each_era.call("list_items"))["items"]] == [name]


async def test_invisible_characters_are_stripped(client: McpClient) -> None:
    added = await client.call("add_items", items=["mi\u200blk\u202e", "\u200b\ufeff"])
    assert added["results"][0]["name"] == "milk"
    assert added["results"][1]["error"]["field"] == "items[1]"


@pytest.mark.parametrize("place", ["items", "list", "household", "idempotency_key"])
async def test_a_lone_surrogate_is_refused_with_its_place(each_era: McpClient, place: str) -> None:
    arguments = {"items": ["milk"], place: ["milk", "\ud800"] if place == "items" else "\udfff"}
    response = await each_era.send("tools/call", {"name": "add_items", "arguments": arguments})
    assert response.status_code == 400
    message = response.json()["error"]["message"]
    assert f"params.arguments.{place}" in message
    assert "surrogate" in message
    assert (await each_era.call("list_items"))["items"] == []


WRONG_PARAMETERS: list[bytes] = [
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_items","arguments":[]}}',
]
BODIES: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b'{"jsonrpc":"2.0"}',
    b'{"jsonrpc":"2.0","id":1}',
    b'{"jsonrpc":"2.0","id":1,"method":5}',
    b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
    b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
    *WRONG_PARAMETERS,
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_items","arguments":{"items":[NaN]}}}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
    b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"tools/list"}',
]


@pytest.mark.proves("""rs-malformed-400 MUST MCP authorization (Error Handling); RFC 6750 §3.1
    A malformed request gets 400, not 401 or 500.
    Here: Bodies that are no JSON-RPC request are 400, and nothing that is sent gives a 5xx.""")
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:60]))
async def test_a_body_that_is_no_request_is_refused_and_never_a_5xx(each_era: McpClient, body: bytes) -> None:
    response = await each_era.http.post(
        each_era.path, content=body, headers=each_era.headers("tools/call", "add_items")
    )
    # What is a request of wrong parameters only is answered by JSON-RPC alone in older revisions.
    is_request = body in WRONG_PARAMETERS and each_era.era != MODERN
    assert response.status_code == (200 if is_request else 400), response.text
    assert response.json()["error"]["message"]
    assert "pydantic" not in response.text
    assert "Traceback" not in response.text


async def test_a_body_over_the_limit_is_413(client: McpClient) -> None:
    big = json.dumps(client.message("tools/call", {"name": "add_items", "arguments": {"items": ["x" * 1_100_000]}}))
    response = await client.http.post("/mcp", content=big, headers=client.headers("tools/call", "add_items"))
    assert response.status_code == 413


async def test_an_unknown_tool_is_a_protocol_error(each_era: McpClient) -> None:
    error = (await each_era.send("tools/call", {"name": "drop_tables", "arguments": {}})).json()["error"]
    assert error["code"] == -32602
    assert "drop_tables" in error["message"]


async def test_an_unknown_method_is_a_protocol_error(each_era: McpClient) -> None:
    assert (await each_era.send("tools/destroy", {})).json()["error"]["code"] == -32601


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = sorted({name for tool in TOOLS for name in tool.input_schema["properties"]})


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tool=st.sampled_from([tool.name for tool in TOOLS]),
    arguments=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), JSON, max_size=5),
)
async def test_whatever_is_sent_the_answer_is_a_result_or_names_a_field(
    each_era: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    response = await each_era.send("tools/call", {"name": tool, "arguments": arguments})
    assert response.status_code in (200, 400), response.text
    body = body_of(response)
    if "error" in body:
        assert "params.arguments" in body["error"]["message"]
        return
    result = body["result"]
    if result.get("isError"):
        error = json.loads(result["content"][0]["text"])["error"]
        assert error["code"] in ("invalid", "not_found"), error
        assert error["field"]


TEXTS = st.text(max_size=30) | st.sampled_from(["none", "mass", "count", "kg", "\0", "", "x" * 201, "é" * 2001, "L1"])
NUMBERS = (
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, -1, 1e-9, 10**11, 1e300])
)
ITEM = st.fixed_dictionaries(
    {"name": TEXTS},
    optional={
        "quantity": NUMBERS,
        "unit": TEXTS,
        "note": TEXTS,
        "category": TEXTS,
        "store": TEXTS,
        "assignee": TEXTS | st.just("Ada"),
        "priority": st.sampled_from(["low", "high"]),
        "price": NUMBERS,
        "not_before": st.dates().map(str),
        "repeat_every_days": st.integers(),
    },
)


def refused_entries(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a call that is refused because every one of them failed."""
    error = json.loads(result["content"][0]["text"])["error"]
    return error.get("results", [{"status": "failed", "error": error}])


LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029\t")


async def lines_on(client: McpClient) -> int:
    """How many lines the default list has, those that wait for a day included."""
    return sum((await client.call("list_items", limit=1))["counts"].values())


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(TEXTS | ITEM, min_size=1, max_size=6), mode=st.sampled_from(["merge", "separate", "skip"]))
async def test_whatever_the_parts_of_an_item_hold_each_is_stored_or_names_its_fault(
    each_era: McpClient, items: list[Any], mode: str
) -> None:
    before = await lines_on(each_era)
    arguments = {"items": items, "on_duplicate": mode}
    result = await each_era.result("tools/call", {"name": "add_items", "arguments": arguments})
    answer: dict[str, Any] = result.get("structuredContent") or {"results": refused_entries(result), "counts": {}}
    # A text of several lines is an entry a line; faults are numbered as results are.
    has_lines = any(isinstance(each, str) and LINE_ENDS & set(each) for each in items)
    assert has_lines or len(answer["results"]) == len(items)
    for number, result in enumerate(answer["results"]):
        assert result["status"] in ("added", "merged", "restored", "skipped", "failed")
        if result["status"] == "failed":
            assert result["error"]["field"].startswith(f"items[{number}]"), result
            assert result["error"]["code"] in ("invalid", "not_found", "limit")
    assert await lines_on(each_era) - before == answer["counts"].get("added", 0)


@pytest.mark.parametrize(("field", "longest"), [("unit", 100), ("category", 100), ("store", 100), ("note", 2000)])
async def test_a_part_that_is_too_long_is_that_items_fault(client: McpClient, field: str, longest: int) -> None:
    items = [{"name": "milk", field: "x" * longest}, {"name": "tea", field: "x" * (longest + 1)}]
    results = (await client.call("add_items", items=items))["results"]
    assert [each["status"] for each in results] == ["added", "failed"]
    assert results[1]["error"]["field"] == f"items[1].{field}"


async def test_a_number_where_a_text_or_an_object_is_due_says_both(client: McpClient) -> None:
    error = await client.refusal("add_items", items=[["milk"]])
    assert error["message"] == "items[0] must be text or an object."


async def test_a_misspelt_name_is_found_although_the_name_is_missing(client: McpClient) -> None:
    error = await client.refusal("add_items", items=[{"nam": "milk"}])
    assert (error["field"], error["candidates"]) == ("items[0].nam", ["name"])


async def test_an_endless_argument_name_is_cut_in_the_answer(client: McpClient) -> None:
    error = await client.refusal("list_items", **{"x" * 100_000: 1})
    assert len(error["message"]) < 500


async def test_text_sent_as_latin1_is_refused(http: httpx.AsyncClient, client: McpClient) -> None:
    body = json.dumps(client.message("tools/list"), ensure_ascii=False).encode()[:-1] + b',"x":"\xe9"}'
    assert (await http.post("/mcp", content=body, headers=client.headers("tools/list"))).status_code == 400


async def test_a_number_beyond_counting_is_that_items_fault(each_era: McpClient) -> None:
    items: list[Any] = ["eggs", *({"name": name, name: 10**300} for name in ("quantity", "price"))]
    results = (await each_era.call("add_items", items=items))["results"]
    assert [each["status"] for each in results] == ["added", "failed", "failed"]
    assert [each["error"]["field"] for each in results[1:]] == ["items[1].quantity", "items[2].price"]


async def test_a_sum_beyond_counting_is_that_items_fault(client: McpClient) -> None:
    most = {"name": "salt", "quantity": 10**11}
    results = (await client.call("add_items", items=[most, most, "eggs"]))["results"]
    assert [each["status"] for each in results] == ["added", "failed", "added"]
    assert results[1]["error"]["field"] == "items[1]"
