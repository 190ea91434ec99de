"""Removing: by name, by ref, and what was bought."""

from typing import Any

import pytest

from tests.mcp.client import McpClient
from tests.mcp.looking import errors, names, refs, statuses

pytestmark = pytest.mark.anyio


async def test_removed_items_are_gone_and_followers_are_told(each_era: McpClient) -> None:
    seen = (await each_era.call("add_items", items=["milk", "bread", "tea"]))["rev"]
    removed = await each_era.call("remove_items", items=["MILK", "i3", "gold", "i1"])
    assert statuses(removed) == ["removed", "removed", "failed", "unchanged"]
    assert errors(removed)[2] == ("not_found", "items[2]")
    assert await names(each_era, view="all") == ["bread"]
    assert (await each_era.call("list_items", since_rev=seen))["removed"] == ["i1", "i3"]


async def test_a_removed_name_that_is_added_again_is_a_new_item(client: McpClient) -> None:
    await client.call("add_items", items=["5 milk"])
    await client.call("remove_items", items=["milk"])
    again = await client.call("add_items", items=["milk"])
    assert again["results"] == [{"ref": "i2", "name": "milk", "status": "added"}]


async def test_what_was_bought_is_removed_except_what_repeats(client: McpClient) -> None:
    items: list[Any] = ["milk", {"name": "bread", "repeat_every_days": 7}, "tea", "jam"]
    await client.call("add_items", items=items)
    await client.call("check_items", items=["milk", "bread", "tea"])
    dry = await client.call("remove_items", what="checked", dry_run=True)
    assert [(each["ref"], each["status"]) for each in dry["results"]] == [
        ("i1", "would_remove"),
        ("i2", "kept"),
        ("i3", "would_remove"),
    ]
    assert "undo_ref" not in dry
    assert len(await refs(client, view="all")) == 4
    removed = await client.call("remove_items", what="checked")
    assert removed["counts"] == {"removed": 2, "kept": 1}
    assert await names(client, view="all") == ["jam", "bread"]
    await client.call("remove_items", items=["bread"])
    assert await names(client, view="all") == ["jam"]


async def test_a_dry_run_by_name_changes_nothing(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    assert statuses(await client.call("remove_items", items=["milk", "x"], dry_run=True)) == ["would_remove", "failed"]
    assert await names(client) == ["milk"]


async def test_nothing_bought_is_nothing_to_do(client: McpClient) -> None:
    answer = await client.call("remove_items", what="checked")
    assert (answer["results"], answer["counts"], answer["list"]) == ([], {}, "L1")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "items"),
        ({"items": ["milk"], "what": "checked"}, "items"),
        ({"items": ["gold"]}, "items[0]"),
        ({"what": "checked", "list": "Nowhere"}, "list"),
    ],
)
async def test_an_unclear_call_removes_nothing(client: McpClient, arguments: dict[str, Any], field: str) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("check_items", items=["milk"])
    assert (await client.refusal("remove_items", **arguments))["field"] == field
    assert await names(client, view="all") == ["milk"]


async def test_only_a_hundred_results_are_shown_and_all_are_counted(client: McpClient) -> None:
    for start in (0, 100):
        await client.call("add_items", items=[f"thing {number}" for number in range(start, start + 100)])
        await client.call("check_items", items=[f"i{number + 1}" for number in range(start, start + 100)])
    removed = await client.call("remove_items", what="checked")
    assert (len(removed["results"]), removed["counts"]) == (100, {"removed": 200})


@pytest.mark.parametrize(
    "written", ["brown\nsugar", "brown sugar\n", " brown\tsugar ", "Sugar, brown\r\n", "2 kg\nbrown sugars"]
)
@pytest.mark.parametrize("tool", ["remove_items", "check_items"])
async def test_a_name_that_was_broken_into_lines_is_found(client: McpClient, tool: str, written: str) -> None:
    await client.call("add_items", items=["brown sugar", "white sugar"])
    done = await client.call(tool, items=[written])
    assert [each["name"] for each in done["results"]] == ["brown sugar"]
    assert await names(client) == ["white sugar"]


async def test_a_list_is_cleared_in_one_call_and_all_lists_too(client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["nails"], list="Hardware")
    await client.call("add_items", items=["milk", {"name": "tea", "repeat_every_days": 7}, "bread"])
    await client.call("check_items", items=["tea"])
    cleared = await client.call("remove_items", what="all")
    assert cleared["counts"] == {"removed": 3}
    assert await names(client, view="all") == []
    assert await names(client, list="Hardware") == ["nails"]
    await client.call("undo", undo_ref=cleared["undo_ref"])
    assert sorted(await names(client, view="all")) == ["bread", "milk", "tea"]
    everywhere = await client.call("remove_items", what="all", list="*")
    assert (everywhere["counts"], "list" in everywhere) == ({"removed": 4}, False)
    await client.call("undo", undo_ref=everywhere["undo_ref"])
    bought = await client.call("remove_items", what="checked", list="*", dry_run=True)
    assert bought["counts"] == {"kept": 1}
