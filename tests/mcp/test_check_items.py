"""Checking off: how items are meant, what is recorded of a purchase, and taking it back."""

import pytest

from app.db import Engine
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.looking import names, refs, rows, statuses

pytestmark = pytest.mark.anyio


async def test_items_are_checked_off_by_name_and_by_ref(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["2 l milk", "bread", "eggs"])
    checked = await each_era.call("check_items", items=["MILK", "i2"])
    assert checked["results"] == [
        {"ref": "i1", "name": "milk", "status": "checked", "quantity": "2 l"},
        {"ref": "i2", "name": "bread", "status": "checked"},
    ]
    assert (checked["list"], checked["counts"], checked["undo_ref"]) == ("L1", {"checked": 2}, "e2")
    assert await refs(each_era) == ["i3"]
    assert await refs(each_era, view="checked") == ["i1", "i2"]


async def test_checking_again_changes_nothing(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    first = await client.call("check_items", items=["milk", "i1"])
    assert statuses(first) == ["checked", "unchanged"]
    again = await client.call("check_items", items=["milk"])
    assert statuses(again) == ["unchanged"]
    assert "undo_ref" not in again
    assert again["rev"] == first["rev"]


async def test_an_unknown_name_fails_alone_and_gets_candidates(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["oat milk", "bread"])
    answer = await each_era.call("check_items", items=["soy milk", "bred", "zzz", "bread", "i99", ""])
    assert statuses(answer) == ["failed", "failed", "failed", "checked", "failed", "failed"]
    errors = [each.get("error", {}) for each in answer["results"]]
    assert [error.get("code") for error in errors] == [
        "not_found",
        "not_found",
        "not_found",
        None,
        "not_found",
        "invalid",
    ]
    assert errors[0]["candidates"] == ["oat milk (i1)"]
    assert errors[1]["candidates"] == ["bread (i2)"]
    assert "candidates" not in errors[2]
    assert [errors[number]["field"] for number in (0, 4, 5)] == ["items[0]", "items[4]", "items[5]"]


async def test_the_amount_tells_lines_of_a_name_apart(client: McpClient) -> None:
    await client.call("add_items", items=["1 kg Tomaten", "3 Tomaten", "1 Dose Tomaten", "milk"])
    await client.call("add_items", items=["5 Tomaten"], on_duplicate="separate")
    answer = await client.call("check_items", items=["Tomaten", "7 Tomaten", "500 g Tomaten", "5 Tomaten", "2 milk"])
    assert statuses(answer) == ["failed", "failed", "checked", "checked", "checked"]
    every = ["1 kg Tomaten (i1)", "3 Tomaten (i2)", "5 Tomaten (i5)", "1 Dose Tomaten (i3)"]
    assert sorted(answer["results"][0]["error"]["candidates"]) == sorted(every)
    assert sorted(answer["results"][1]["error"]["candidates"]) == ["3 Tomaten (i2)", "5 Tomaten (i5)"]
    assert [each["ref"] for each in answer["results"][2:]] == ["i1", "i5", "i4"]


async def test_a_name_that_is_on_another_list_is_pointed_out(client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("save_list", name="Cellar")
    await client.call("add_items", items=["nails", "nails (long)", "screws"], list="L2")
    await client.call("add_items", items=["nails", "snails"], list="L3")
    await client.call("add_items", items=["nail polish"])
    await client.call("save_list", list="Cellar", archived=True)
    refused = await client.refusal("check_items", items=["nails"])
    assert refused["candidates"] == ["nails (i1 on L2)", "nails (long) (i2 on L2)", "nail polish (i6)"]
    assert (await client.call("check_items", items=["nails"], list="L1"))["results"][0]["name"] == "nail polish"
    assert (await client.call("check_items", items=["i2"]))["counts"] == {"checked": 1}


async def test_a_hundred_misspelt_names_are_answered_although_a_thousand_are_on_the_list(client: McpClient) -> None:
    """Compared letter by letter, this call would keep everybody waiting for minutes."""
    for hundred in range(10):
        await client.call("add_items", items=[f"{'abcdefgh ' * 20}{hundred} {number}" for number in range(100)])
    results = await client.failed("check_items", items=[f"{'abcdefgx ' * 20}{number}" for number in range(100)])
    assert len(results) == 100
    assert all(len(each["error"]["candidates"]) == 8 for each in results)


async def test_several_lines_of_a_name_are_ambiguous_and_the_note_tells_them_apart(client: McpClient) -> None:
    await client.call("add_items", items=["milk", "milk (lactose free)"])
    error = await client.refusal("check_items", items=["milk"])
    assert (error["code"], error["candidates"]) == ("ambiguous", ["milk (i1)", "milk (lactose free) (i2)"])
    assert (await client.call("check_items", items=["Milk (LACTOSE free)"]))["results"][0]["ref"] == "i2"
    assert (await client.call("check_items", items=["milk"]))["results"][0]["ref"] == "i1", "the open one is meant"


async def test_an_amount_before_the_name_does_not_hide_it(client: McpClient) -> None:
    await client.call("add_items", items=["2 kg flour", {"name": "7 herbs", "quantity": 1}])
    assert statuses(await client.call("check_items", items=["2 kg flour", "7 herbs"])) == ["checked", "checked"]


async def test_a_ref_is_good_on_any_list_but_not_against_the_named_one(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    assert statuses(await client.call("check_items", items=["I1"])) == ["checked"]
    error = await client.refusal("check_items", items=["i1"], list="Hardware")
    assert (error["code"], error["field"]) == ("not_found", "list")


async def test_a_purchase_keeps_amount_price_and_store(client: McpClient, engine: Engine, ada: Connected) -> None:
    items = [{"name": "milk", "quantity": 2, "unit": "l", "price": 2.5, "store": "Market"}, "bread"]
    await client.call("add_items", items=items)
    await client.call("check_items", items=["milk", "bread"])
    milk, bread = await rows(engine, ada.household_id, "SELECT * FROM purchases ORDER BY name DESC")
    assert (milk["measure"], milk["amount"], str(milk["price"]), milk["currency"]) == ("volume", 2000, "2.50", "EUR")
    assert (milk["store"], milk["bought_by"], milk["event_no"]) == ("Market", ada.person.id, 2)
    assert (bread["store"], bread["place"], bread["amount"]) == (None, None, None)


async def test_the_order_of_a_shop_is_learned_from_the_order_of_checking_off(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["apples", "milk", "bread", "ice", "salt"])
    await client.call("check_items", items=["apples"], store="Market")
    await client.call("check_items", items=["milk", "bread"], store="MARKET")
    await client.call("check_items", items=["salt"], store="Elsewhere")
    await client.call("check_items", items=["ice"], store="Market")
    aisles = await rows(engine, ada.household_id, "SELECT * FROM aisles WHERE store_key = 'market'")
    assert {row["name_key"]: (row["mean_position"], row["n"]) for row in aisles} == {
        "apple": (0, 1),
        "milk": (1.5, 1),
        "bread": (1.5, 1),
        "ice": (3, 1),
    }


async def test_unchecking_takes_the_purchase_back_and_what_it_taught(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["apples", "milk"])
    await client.call("check_items", items=["apples"], store="Market")
    await client.call("check_items", items=["milk"], store="Market")
    unchecked = await client.call("check_items", items=["milk"], checked=False)
    assert statuses(unchecked) == ["unchecked"]
    assert [row["name"] for row in await rows(engine, ada.household_id, "SELECT name FROM purchases")] == ["apples"]
    aisles = await rows(engine, ada.household_id, "SELECT name_key, n FROM aisles")
    assert {row["name_key"]: row["n"] for row in aisles} == {"apple": 1, "milk": 0}
    assert await names(client) == ["milk"]


async def test_what_was_bought_and_asked_for_again_stays_bought_once(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("check_items", items=["milk"])
    await client.call("add_items", items=["milk"])
    await client.call("check_items", items=["milk"], checked=False)
    assert len(await rows(engine, ada.household_id, "SELECT * FROM purchases")) == 1


async def test_unchecking_beside_an_open_line_of_that_name_keeps_both(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("check_items", items=["milk"])
    await client.call("add_items", items=["milk"], on_duplicate="separate")
    await client.call("check_items", items=["i1"], checked=False)
    assert await refs(client) == ["i1", "i2"]
