"""Moving: to another list, to an end, before another item; and the followers of a list learn what left it."""

from typing import Any

import pytest

from app.db import Engine
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.looking import errors, names, refs, rows, statuses

pytestmark = pytest.mark.anyio


@pytest.fixture
async def both(engine: Engine, ada: Connected, client: McpClient) -> McpClient:
    """Ada's client, with a to e on L1 and x to z on L2."""
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=list("abcde"))
    await client.call("add_items", items=list("xyz"), list="Hardware")
    return client


async def order(client: McpClient, name: str = "L1") -> str:
    return "".join(await names(client, list=name))


@pytest.mark.parametrize(
    ("items", "where", "expected"),
    [
        ("c", {"to": "top"}, "cabde"),
        ("ec", {"to": "top"}, "ecabd"),
        ("a", {"to": "bottom"}, "bcdea"),
        ("ba", {"to": "bottom"}, "cdeba"),
        ("e", {"before": "b"}, "aebcd"),
        ("ea", {"before": "c"}, "beacd"),
        ("d", {"before": "a"}, "dabce"),
        ("a", {"to": "top"}, "abcde"),
        ("abcde", {"to": "top"}, "abcde"),
        ("edcba", {"to": "bottom"}, "edcba"),
    ],
)
async def test_items_stand_where_they_were_moved_in_the_order_of_the_call(
    both: McpClient, items: str, where: dict[str, Any], expected: str
) -> None:
    moved = await both.call("move_items", items=list(items), **where)
    assert await order(both) == expected
    assert ("undo_ref" in moved) == (expected != "abcde")
    await both.call("add_items", items=["n"])
    assert await order(both) == expected + "n"


async def test_moving_to_another_list_keeps_the_ref_and_goes_to_its_bottom(both: McpClient) -> None:
    moved = await both.call("move_items", items=["b", "a"], to_list="hardware")
    assert (moved["list"], statuses(moved)) == ("L2", ["moved", "moved"])
    assert [each["ref"] for each in moved["results"]] == ["i2", "i1"]
    assert {each["changes"]["list"] for each in moved["results"]} == {"Groceries → Hardware"}
    assert (await order(both), await order(both, "L2")) == ("cde", "xyzba")


async def test_moving_before_an_item_of_another_list(both: McpClient) -> None:
    await both.call("move_items", items=["c"], to_list="L2", before="y")
    await both.call("move_items", items=["i8"], list="L2", before="x")
    assert await order(both, "L2") == "zxcy"
    assert await order(both) == "abde"


async def test_on_another_list_a_namesake_stays_a_line_of_its_own(client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["2 milk"], list="L2")
    await client.call("add_items", items=["3 milk"])
    await client.call("move_items", items=["milk"], to_list="L2")
    assert [item["quantity"] for item in (await client.call("list_items", list="L2"))["items"]] == [2, 3]


async def test_the_same_place_can_be_moved_to_any_number_of_times_and_back(both: McpClient) -> None:
    undo_refs: list[str] = []
    for number in range(60):
        moved = await both.call("move_items", items=["i4" if number % 2 else "i5"], before="b")
        undo_refs.append(moved["undo_ref"])
    assert await order(both) == "aedbc"
    for undo_ref in reversed(undo_refs):
        await both.call("undo", undo_ref=undo_ref)
    assert await order(both) == "abcde"


async def test_those_who_follow_the_old_list_are_told_what_left_it(both: McpClient) -> None:
    seen = (await both.call("list_items", list="*"))["rev"]
    await both.call("move_items", items=["a", "c"], to_list="L2")
    changed = await both.call("list_items", since_rev=seen)
    assert (changed["items"], changed["removed"]) == ([], ["i1", "i3"])
    assert (await both.call("list_items", since_rev=changed["rev"])).get("removed") is None
    await both.call("move_items", items=["i3"], to_list="L1")
    back = await both.call("list_items", since_rev=seen)
    assert ([item["ref"] for item in back["items"]], back["removed"]) == (["i3"], ["i1"])
    assert (await both.call("list_items", list="L2", since_rev=changed["rev"]))["removed"] == ["i3"]
    await both.call("move_items", items=["i3"], to_list="L2")
    assert (await both.call("list_items", since_rev=back["rev"]))["removed"] == ["i3"], "it left once more"
    await both.call("move_items", items=["i3"], to_list="L1")
    everywhere = await both.call("list_items", list="*", since_rev=seen)
    assert ([item["ref"] for item in everywhere["items"]], everywhere.get("removed")) == (["i3", "i1"], None)


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"items": ["a"]}, "invalid", "to"),
        ({"items": ["a"], "to": "top", "before": "b"}, "invalid", "before"),
        ({"items": ["a"], "before": "a"}, "invalid", "before"),
        ({"items": ["a"], "before": "zzz"}, "not_found", "before"),
        ({"items": ["a"], "before": "i6"}, "not_found", "before"),
        ({"items": ["a"], "to_list": "Nowhere"}, "not_found", "to_list"),
        ({"items": ["a"], "list": "Nowhere", "to": "top"}, "not_found", "list"),
        ({"items": ["i1", "i6"], "before": "c"}, "invalid", "to_list"),
        ({"items": ["zzz"], "to": "top"}, "not_found", "items[0]"),
    ],
)
async def test_a_destination_that_makes_no_sense_moves_nothing(
    both: McpClient, arguments: dict[str, Any], code: str, field: str
) -> None:
    error = await both.refusal("move_items", **arguments)
    assert (error["code"], error["field"]) == (code, field)
    assert (await order(both), await order(both, "L2")) == ("abcde", "xyz")


async def test_items_of_several_lists_each_move_on_their_own(both: McpClient) -> None:
    moved = await both.call("move_items", items=["i8", "zzz", "i5"], to="top")
    assert (statuses(moved), errors(moved)[1]) == (["moved", "failed", "moved"], ("not_found", "items[1]"))
    assert "list" not in moved
    assert (await order(both), await order(both, "L2")) == ("eabcd", "zxy")


async def test_checked_items_move_too(both: McpClient) -> None:
    await both.call("check_items", items=["a"])
    await both.call("move_items", items=["a"], to_list="L2")
    assert await refs(both, list="L2", view="checked") == ["i1"]


async def test_a_full_list_takes_only_what_fits(both: McpClient, engine: Engine, ada: Connected) -> None:
    statement = """
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev)
        SELECT lists.household_id, gen_random_uuid(), lists.id, n, 'item ' || n, 'item ' || n, n::bigint << 20, 1
        FROM lists, generate_series(10, 10005) AS n WHERE lists.no = 2 RETURNING 1"""
    await rows(engine, ada.household_id, statement)
    await rows(engine, ada.household_id, "UPDATE clocks SET next_item = 10006 RETURNING 1")
    await rows(engine, ada.household_id, "UPDATE lists SET open_items = open_items + 9996 WHERE no = 2 RETURNING 1")
    moved = await both.call("move_items", items=["a", "b", "a"], to_list="L2")
    assert (statuses(moved), errors(moved)[1]) == (["moved", "failed", "moved"], ("limit", "items[1]"))
