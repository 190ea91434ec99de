"""What users of other shopping lists reported as bugs, and what happens here instead.

The products and the numbers of the reports are in the names of the sections: grocy, anylist-mcp, kitchenowl.
"""

from typing import Any

import pytest

from tests.mcp.client import McpClient
from tests.mcp.looking import names, refs, statuses

pytestmark = pytest.mark.anyio


async def lines(client: McpClient, **arguments: Any) -> list[tuple[str, Any, Any]]:
    """Name, quantity and unit of each line, in the order of the list."""
    items = (await client.call("list_items", **arguments))["items"]
    return [(item["name"], item.get("quantity"), item.get("unit")) for item in items]


# Adding what is there already makes a second row (grocy 840, 1122).


async def test_what_is_added_again_is_summed_into_the_line_that_is_there(client: McpClient) -> None:
    for phrase in ("2 milk", "milk x3", "500 g flour", "1.5 kg Flour", "a lemon", "2 lemons"):
        await client.call("add_items", items=[phrase])
    assert await lines(client) == [("milk", 5, None), ("flour", 2, "kg"), ("lemon", 3, None)]


async def test_what_one_call_names_twice_is_summed_too(client: McpClient) -> None:
    items: list[Any] = ["2 milk", {"name": "Milk", "quantity": 3}, "100 g rice", {"name": "rice (dry)"}, "1 kg rice"]
    answer = await client.call("add_items", items=items)
    assert statuses(answer) == ["added", "merged", "added", "added", "merged"]
    assert await lines(client) == [("milk", 5, None), ("rice", 1.1, "kg"), ("rice", None, None)]


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ("2 EL Öl", "1 EL Öl", ("Öl", 3, "EL")),
        ("un œuf", "5 œufs", ("œuf", 6, None)),
        ("2 botellas de vino", "1 botella de vino", ("vino", 3, "botellas")),
        ("0.1 l cream", "0.2 l cream", ("cream", 0.3, "l")),
    ],
)
async def test_sums_are_exact_in_every_language(
    client: McpClient, first: str, second: str, total: tuple[str, float, str | None]
) -> None:
    await client.call("add_items", items=[first])
    await client.call("add_items", items=[second])
    (line,) = await lines(client)
    assert line == total


# A quantity silently becomes 1 (anylist-mcp 39).


@pytest.mark.parametrize(
    "item", ["8 eggs", "eggs x8", "eggs, 8", "8x eggs", "8 Eggs", {"name": "eggs", "quantity": 8}, {"name": "8 eggs"}]
)
async def test_eight_never_becomes_one_whatever_is_done_to_the_line(client: McpClient, item: Any) -> None:
    await client.call("save_list", name="Market")
    await client.call("add_items", items=[item])
    await client.call("add_items", items=["eggs"])
    await client.call("update_items", items=[{"item": "eggs", "category": "Fridge", "price": 3}])
    await client.call("update_items", items=[{"item": "eggs", "name": "brown eggs"}])
    await client.call("check_items", items=["brown eggs"])
    await client.call("check_items", items=["brown eggs"], checked=False)
    await client.call("move_items", items=["brown eggs"], to_list="Market")
    removed = await client.call("remove_items", items=["i1"])
    await client.call("undo", undo_ref=removed["undo_ref"])
    await client.call("update_items", items=[{"item": "i1", "name": "eggs"}])
    assert await lines(client, list="Market") == [("eggs", 8, None)]


# The same food in measures that can't be added up is scattered over the list, or added up all the same.


async def test_measures_that_do_not_convert_stay_lines_that_stand_together(client: McpClient) -> None:
    await client.call("add_items", items=["500 g yoghurt", "bread", "tea"])
    await client.call("add_items", items=["2 yoghurt", "1 jar yoghurt", "250 ml yoghurt", "100 g yoghurt"])
    assert await lines(client) == [
        ("yoghurt", 600, "g"),
        ("yoghurt", 2, None),
        ("yoghurt", 1, "jar"),
        ("yoghurt", 250, "ml"),
        ("bread", None, None),
        ("tea", None, None),
    ]


async def test_a_line_that_gets_its_first_amount_stays_apart_from_one_with_another_note(client: McpClient) -> None:
    await client.call("add_items", items=["2 milk", "milk (oat)"])
    merged = await client.call("add_items", items=["3 milk (oat)"])
    assert statuses(merged) == ["merged"]
    items = (await client.call("list_items"))["items"]
    assert [(item["quantity"], item.get("note")) for item in items] == [(2, None), (3, "oat")]


# An item that is added again comes back with the quantity of last time (kitchenowl 370).


async def test_what_was_bought_and_is_added_again_has_the_new_quantity_only(client: McpClient) -> None:
    await client.call("add_items", items=["5 milk", "3 kg potatoes", {"name": "tea", "quantity": 2, "price": 4}])
    await client.call("check_items", items=["milk", "potatoes", "tea"])
    again = await client.call("add_items", items=["2 milk", "potatoes", "500 g tea"])
    assert statuses(again) == ["restored", "restored", "restored"]
    assert await lines(client) == [("milk", 2, None), ("potatoes", None, None), ("tea", 500, "g")]
    assert await refs(client) == ["i1", "i2", "i3"]


async def test_what_was_removed_and_is_added_again_has_the_new_quantity_only(client: McpClient) -> None:
    await client.call("add_items", items=["5 milk"])
    await client.call("remove_items", items=["milk"])
    await client.call("add_items", items=["milk"])
    assert await lines(client) == [("milk", None, None)]


# Names are translated, or replaced by the words of a catalogue.


async def test_names_keep_the_language_and_the_spelling_they_were_typed_in(client: McpClient) -> None:
    typed = ["Milch", "milk", "lait", "leche", "Crème fraîche", "Weißbrot", "jalapeños", "œufs", "Ei", "egg", "MÜSLI"]
    await client.call("add_items", items=typed)
    assert await names(client) == typed
    await client.call("add_items", items=["3 creme fraiche", "2 Eier", "eggs", "weissbrot", "müsli"])
    assert await names(client) == typed, "what is merged keeps the name that was typed first"
    await client.call("check_items", items=["Eier", "OEUFS"])
    await client.call("add_items", items=["Eier", "oeufs"])
    assert sorted(await names(client)) == sorted(typed)


# What was checked off is on the list again.


async def test_what_was_checked_off_stays_so_whatever_is_done_to_it_and_around_it(client: McpClient) -> None:
    await client.call("save_list", name="Market")
    added = await client.call("add_items", items=["milk", "2 bread"], idempotency_key="k")
    updated = await client.call("update_items", items=[{"item": "milk", "note": "fresh"}])
    moved = await client.call("move_items", items=["bread", "milk"], to="top")
    await client.call("check_items", items=["milk", "bread"])
    # Somebody's late retry, a second tick, and changes of what was bought.
    await client.call("add_items", items=["milk", "2 bread"], idempotency_key="k")
    await client.call("check_items", items=["milk", "bread"])
    await client.call("update_items", items=[{"item": "milk", "quantity": 2}])
    await client.call("move_items", items=["milk"], to_list="Market")
    await client.call("move_items", items=["i1"], to_list="L1", to="top")
    # Undoing what was before they were bought.
    for call in (moved, updated, added):
        await client.result("tools/call", {"name": "undo", "arguments": {"undo_ref": call["undo_ref"]}})
    # Taken off the list and back.
    removed = await client.call("remove_items", what="checked")
    await client.call("undo", undo_ref=removed["undo_ref"])
    # Others of the same name.
    await client.call("add_items", items=["milk (oat)"])
    await client.call("add_items", items=["bread"], on_duplicate="separate")
    assert sorted(await refs(client, view="checked")) == ["i1", "i2"]
    assert set(await refs(client)).isdisjoint({"i1", "i2"})


async def test_what_was_checked_off_is_not_summed_into(client: McpClient) -> None:
    await client.call("add_items", items=["2 milk"])
    await client.call("check_items", items=["milk"])
    await client.call("add_items", items=["1 milk"], on_duplicate="separate")
    await client.call("add_items", items=["1 milk"])
    assert await lines(client) == [("milk", 2, None)]
    assert await lines(client, view="checked") == [("milk", 2, None)]


# A number that belongs to the name is taken for a quantity.


@pytest.mark.parametrize("name", ["7up", "00 flour", "5-grain bread", "3 in 1 Kaffee", "Mehl Type 405", "100% juice"])
async def test_a_number_that_belongs_to_the_name_stays_in_it(client: McpClient, name: str) -> None:
    for _ in range(2):
        await client.call("add_items", items=[name])
    assert await lines(client) == [(name, None, None)]
    await client.call("add_items", items=[{"name": name, "quantity": 2}])
    assert await lines(client) == [(name, 2, None)]
    assert statuses(await client.call("check_items", items=[name])) == ["checked"]


async def test_several_of_a_name_with_a_number(client: McpClient) -> None:
    await client.call("add_items", items=["2 7up", "7up x3"])
    assert await lines(client) == [("7up", 5, None)]
