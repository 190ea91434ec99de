"""Overwriting details: what is named is set or cleared, the rest stays, and nobody's newer change is lost."""

from typing import Any

import pytest

from tests.mcp.client import McpClient
from tests.mcp.looking import MILK, errors, names, statuses

pytestmark = pytest.mark.anyio


async def only(client: McpClient) -> dict[str, Any]:
    """The one item, without who added it."""
    (item,) = (await client.call("list_items", detail="full", view="all"))["items"]
    assert item.pop("added_by") == "Ada"
    return item


async def test_named_details_are_set_and_the_rest_stays(each_era: McpClient) -> None:
    await each_era.call("add_items", items=[MILK])
    updated = await each_era.call("update_items", items=[{"item": "milk", "name": "oat milk", "price": 2}])
    assert updated["results"] == [
        {
            "ref": "i1",
            "name": "oat milk",
            "status": "updated",
            "note": "fresh",
            "quantity": "2 l",
            "changes": {"name": "milk → oat milk", "price": "1.50 → 2.00"},
        }
    ]
    assert await only(each_era) == {**MILK, "ref": "i1", "name": "oat milk", "price": 2}


async def test_every_detail_can_be_cleared(client: McpClient) -> None:
    await client.call("add_items", items=[{**MILK, "not_before": "2999-01-01"}])
    clear = ["quantity", "unit", "note", "category", "store", "assignee", "priority", "price", "not_before"]
    await client.call("update_items", items=[{"item": "i1", "clear": [*clear, "repeat_every_days"]}])
    assert await only(client) == {"ref": "i1", "name": "milk"}


async def test_a_number_keeps_the_unit_and_a_unit_the_number(client: McpClient) -> None:
    await client.call("add_items", items=["500 g flour"])

    async def update(**details: Any) -> dict[str, Any]:
        return (await client.call("update_items", items=[{"item": "flour", **details}]))["results"][0]

    assert await update(quantity=750) == {
        "ref": "i1",
        "name": "flour",
        "status": "updated",
        "quantity": "750 g",
        "was": "500 g",
    }
    assert (await update(unit="kg"))["quantity"] == "750 kg"
    assert (await update(clear=["unit"]))["quantity"] == "750"
    assert (await update(quantity=2, unit="bag"))["quantity"] == "2 bags"
    assert "quantity" not in await update(clear=["quantity"])
    assert (await update(unit="kg"))["quantity"] == "1 kg"


async def test_nothing_new_changes_nothing(client: McpClient) -> None:
    added = await client.call("add_items", items=[MILK])
    same = await client.call("update_items", items=[{"item": "milk"}, {"item": "milk", "store": "Market"}])
    assert statuses(same) == ["unchanged", "unchanged"]
    assert "undo_ref" not in same
    assert same["rev"] == added["rev"]


async def test_one_bad_entry_leaves_the_others_alone(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["milk", "bread"])
    updates: list[dict[str, Any]] = [
        {"item": "milk", "note": "fresh"},
        {"item": "gold", "note": "x"},
        {"item": "bread", "quantity": -1},
        {"item": "bread", "name": "a\0b"},
        {"item": "bread", "note": "x", "clear": ["note"]},
        {"item": "bread", "assignee": "Bob"},
        {"item": "bread", "repeat_every_days": 0},
        {"item": "bread", "price": 10**11},
    ]
    answer = await each_era.call("update_items", items=updates)
    assert statuses(answer) == ["updated"] + ["failed"] * 7
    assert errors(answer)[1:] == [
        ("not_found", "items[1].item"),
        ("invalid", "items[2].quantity"),
        ("invalid", "items[3].name"),
        ("invalid", "items[4].note"),
        ("not_found", "items[5].assignee"),
        ("invalid", "items[6].repeat_every_days"),
        ("invalid", "items[7].price"),
    ]
    assert answer["results"][2]["ref"] == "i2"


async def test_all_or_nothing_changes_nothing_when_one_fails(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    items = [{"item": "milk", "note": "fresh"}, {"item": "milk", "quantity": 0}]
    error = await client.refusal("update_items", items=items, all_or_nothing=True)
    assert error["field"] == "items[1].quantity"
    assert await only(client) == {"ref": "i1", "name": "milk"}


async def test_if_rev_refuses_only_items_that_changed_later_and_says_what_they_say_now(client: McpClient) -> None:
    seen = (await client.call("add_items", items=["2 milk", "bread"]))["rev"]
    await client.call("update_items", items=[{"item": "milk", "quantity": 5, "note": "fresh", "assignee": "Ada"}])
    items = [
        {"item": "milk", "quantity": 3, "note": "cold", "clear": ["price"]},
        {"item": "bread", "quantity": 2},
        {"item": "milk", "assignee": "Ada"},
    ]
    answer = await client.call("update_items", items=items, if_rev=seen)
    assert statuses(answer) == ["failed", "updated", "failed"]
    milk = answer["results"][0]
    assert (milk["ref"], milk["error"]["code"], milk["error"]["field"]) == ("i1", "conflict", "items[0]")
    assert milk["current"] == {"quantity": "5", "note": "fresh"}
    assert answer["results"][2]["current"] == {"assignee": "Ada"}
    retried = await client.call("update_items", items=items[:1], if_rev=answer["rev"])
    assert statuses(retried) == ["updated"]


async def test_renamed_to_a_name_on_the_list_it_stays_a_line_of_its_own(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "2 cream"])
    await client.call("update_items", items=[{"item": "cream", "name": "Milk", "clear": ["quantity"]}])
    assert await names(client) == ["milk", "Milk"]


async def test_two_lines_may_swap_their_names_in_one_call(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "bread", "tea"])
    items = [
        {"item": "i1", "name": "bread"},
        {"item": "i2", "name": "tea"},
        {"item": "i3", "name": "milk"},
    ]
    assert statuses(await client.call("update_items", items=items)) == ["updated"] * 3
    assert await names(client) == ["bread", "tea", "milk"]
    merged = await client.call("add_items", items=["2 milk", "3 bread"])
    assert [each["ref"] for each in merged["results"]] == ["i3", "i1"]


async def test_an_item_named_twice_gets_both_changes(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("update_items", items=[{"item": "milk", "quantity": 2}, {"item": "i1", "unit": "l"}])
    assert await only(client) == {"ref": "i1", "name": "milk", "quantity": 2, "unit": "l"}


async def test_a_day_that_has_come_is_nothing_to_wait_for(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "milk", "not_before": "2999-01-01"}])
    await client.call("update_items", items=[{"item": "milk", "not_before": "2020-01-01"}])
    (milk,) = (await client.call("list_items", detail="full"))["items"]
    assert "not_before" not in milk
    both = {"item": "milk", "not_before": "2999-01-01", "clear": ["not_before"]}
    assert (await client.refusal("update_items", items=[both]))["field"] == "items[0].not_before"


@pytest.mark.parametrize(
    ("entry", "change", "quantity"),
    [
        ("3 eggs", {"quantity_delta": -1}, "2"),
        ("3 eggs", {"quantity_delta": 1}, "4"),
        ("2 kg flour", {"quantity_delta": -0.5}, "1.5 kg"),
        ("2 kg flour", {"quantity_delta": -500, "unit": "g"}, "1.5 kg"),
        ("900 g flour", {"quantity_delta": 200}, "1.1 kg"),
        ("2 bottles of wine", {"quantity_delta": -1}, "1 bottle"),
        ("a dozen eggs", {"quantity_delta": 1, "unit": "dozen"}, "24"),
        ("milk", {"quantity_delta": 1}, "2"),
    ],
)
async def test_a_delta_is_added_to_the_quantity(
    each_era: McpClient, entry: str, change: dict[str, Any], quantity: str
) -> None:
    await each_era.call("add_items", items=[entry])
    updated = await each_era.call("update_items", items=[{"item": "i1", **change}])
    assert updated["results"][0]["quantity"] == quantity


@pytest.mark.parametrize(
    ("entry", "change", "field"),
    [
        ("3 eggs", {"quantity_delta": -3}, "quantity_delta"),
        ("3 eggs", {"quantity_delta": -4}, "quantity_delta"),
        ("milk", {"quantity_delta": -1}, "quantity_delta"),
        ("3 eggs", {"quantity_delta": 0}, "quantity_delta"),
        ("3 eggs", {"quantity_delta": 1e11}, "quantity_delta"),
        ("3 eggs", {"quantity_delta": -1, "unit": "kg"}, "unit"),
        ("milk", {"quantity_delta": 1, "unit": "l"}, "unit"),
        ("3 eggs", {"quantity_delta": -1, "quantity": 2}, "quantity_delta"),
        ("3 eggs", {"quantity_delta": -1, "clear": ["quantity"]}, "quantity_delta"),
    ],
)
async def test_a_delta_that_leaves_nothing_or_makes_no_sense_is_an_error_of_its_entry(
    client: McpClient, entry: str, change: dict[str, Any], field: str
) -> None:
    await client.call("add_items", items=[entry, "bread"])
    updated = await client.call("update_items", items=[{"item": "i1", **change}, {"item": "bread", "note": "dark"}])
    assert statuses(updated) == ["failed", "updated"]
    assert errors(updated)[0] == ("invalid", f"items[0].{field}")


async def test_two_deltas_of_one_item_add_up_and_are_undone_together(client: McpClient) -> None:
    await client.call("add_items", items=["5 eggs"])
    less = {"item": "eggs", "quantity_delta": -1}
    updated = await client.call("update_items", items=[less, less])
    assert [each["quantity"] for each in updated["results"]] == ["4", "3"]
    await client.call("undo", undo_ref=updated["undo_ref"])
    assert (await only(client))["quantity"] == 5


async def test_a_delta_beside_a_newer_change_shows_what_the_item_says_now(client: McpClient) -> None:
    await client.call("add_items", items=["5 eggs"])
    rev = (await client.call("list_items"))["rev"]
    await client.call("update_items", items=[{"item": "eggs", "quantity": 9}])
    refused = await client.refusal("update_items", items=[{"item": "eggs", "quantity_delta": -1}], if_rev=rev)
    assert refused["current"] == {"quantity": "9"}


async def test_everything_is_doubled_for_the_party(client: McpClient) -> None:
    await client.call("add_items", items=["600 g flour", "2 bottles wine", "1/3 cup sugar", "milk", "6 eggs"])
    doubled = await client.call("update_items", view="open", quantity_factor=2)
    now = {entry["name"]: entry.get("quantity") for entry in doubled["results"]}
    assert now == {"flour": "1.2 kg", "wine": "4 bottles", "sugar": "2/3 cup", "eggs": "12", "milk": None}
    assert doubled["counts"] == {"updated": 4, "unchanged": 1}
    halved = await client.call("update_items", view="open", quantity_factor=0.5)
    assert {entry["name"]: entry.get("quantity") for entry in halved["results"]}["flour"] == "0.6 kg"
    for factor in (0, -1, 1001):
        assert (await client.refusal("update_items", view="open", quantity_factor=factor))["field"] == "quantity_factor"
    assert (await client.refusal("update_items", items=[{"item": "milk"}], quantity_factor=2))["field"] == "items"
