"""Every answer ends at a budget, and what is left out can be reached."""

import json
from typing import Any

import pytest

from app.db import Engine
from app.lists.export_forms import FORMS
from app.mcp.dispatch import LONGEST_ANSWER
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def test_long_pages_end_at_the_budget_and_lose_nothing(client: McpClient) -> None:
    long = [{"name": f"thing {number}", "note": f"{number} " + '"' * 1990} for number in range(100)]
    await client.call("add_items", items=long)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    pages = 0
    while True:
        response = await client.send("tools/call", {"name": "list_items", "arguments": {"limit": 200, **cursor}})
        assert len(response.content) < LONGEST_ANSWER + 1_000
        page = response.json()["result"]["structuredContent"]
        seen += [item["name"] for item in page["items"]]
        pages += 1
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [each["name"] for each in long]
    assert pages > 1


async def test_the_history_ends_at_the_budget_and_a_call_is_seen_in_full_by_its_ref(client: McpClient) -> None:
    for start in range(0, 800, 100):
        await client.call("add_items", items=[f"thing{number} {'x' * 190}" for number in range(start, start + 100)])
        await client.call("check_items", items=[f"i{number + 1}" for number in range(start, start + 100)])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        response = await client.send("tools/call", {"name": "get_activity", "arguments": {"limit": 100, **cursor}})
        assert len(response.content) < LONGEST_ANSWER + 1_000
        page = response.json()["result"]["structuredContent"]
        seen += [event["ref"] for event in page["events"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [f"e{number}" for number in range(16, 0, -1)]
    removed = await client.call("remove_items", what="checked")
    refs: list[str] = []
    cursor = {}
    while True:
        page = await client.call("get_activity", ref=removed["undo_ref"], **cursor)
        (event,) = page["events"]
        refs += [change["ref"] for change in event["changes"]]
        assert event.get("more", 0) == 800 - len(refs)
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert refs == [f"i{number}" for number in range(1, 801)]


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_an_export_in_pieces_is_the_whole(client: McpClient, form: str) -> None:
    await client.call("save_list", list="L1", category_order=["Dairy"])
    items: list[Any] = [
        {"name": f"thing {number}", "note": '"' * 900, "category": ["Dairy", "Fruit", ""][number % 3] or None}
        for number in range(99)
    ]
    await client.call("add_items", items=[{k: v for k, v in item.items() if v is not None} for item in items])
    await client.call("check_items", items=["thing 5", "thing 50"])
    pieces: list[str] = []
    cursor: dict[str, str] = {}
    counted = 0
    while True:
        response = await client.send(
            "tools/call", {"name": "export_list", "arguments": {"format": form, "view": "all", **cursor}}
        )
        assert len(response.content) < LONGEST_ANSWER + 1_000
        piece = response.json()["result"]["structuredContent"]
        pieces.append(piece["text"])
        counted += piece["items"]
        if "next_cursor" not in piece:
            break
        cursor = {"cursor": piece["next_cursor"]}
    whole = "".join(pieces)
    assert (len(pieces) > 1, counted) == (True, 99)
    assert all(whole.count(f"thing {number}") >= 1 for number in range(99))
    if form == "json":
        assert len(json.loads(whole)["items"]) == 99
    if form == "text":
        assert [line for line in whole.splitlines() if line and not line.startswith("- ")] == [
            "Groceries",
            "Dairy",
            "Fruit",
            "Other",
            "Bought",
        ]


async def test_a_piece_of_a_list_that_has_changed_since_is_refused(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": f"t{number}", "note": "x" * 2000} for number in range(100)])
    piece = await client.call("export_list")
    await client.call("add_items", items=["milk"])
    error = await client.refusal("export_list", cursor=piece["next_cursor"])
    assert (error["code"], error["field"]) == ("conflict", "cursor")
    error = await client.refusal("export_list", cursor=piece["next_cursor"], format="csv")
    assert (error["code"], error["field"]) == ("invalid", "cursor")
    error = await client.refusal("export_list", cursor="x")
    assert (error["code"], error["field"]) == ("invalid", "cursor")


async def test_an_overview_of_many_lists_stays_within_the_budget(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    for number in range(30):
        categories = [f"{'c' * 95} {each}" for each in range(100)]
        await client.call("save_list", name=f"{number} {'n' * 190}", category_order=categories)
    response = await client.send("tools/call", {"name": "get_overview", "arguments": {}})
    assert len(response.content) < LONGEST_ANSWER + 1_000
    overview = response.json()["result"]["structuredContent"]
    assert len(overview["lists"]) == 31
    assert not any("category_order" in each for each in overview["lists"])
