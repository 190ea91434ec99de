"""Receipts: what their lines check off, complete and record, and what undo takes back."""

from typing import Any

import pytest

from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def bought(client: McpClient, **arguments: Any) -> list[dict[str, Any]]:
    return (await client.call("get_spending", show="purchases", **arguments))["purchases"]


def statuses(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["name"], each["status"]) for each in answer["results"]]


async def test_lines_check_off_what_they_name_and_the_rest_is_recorded_and_said_so(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["butter", "2 l milk", "bread"])
    answer = await each_era.call(
        "record_purchase",
        items=["BUTTER 250G 2,49 A", {"item": "milk", "price": 2.18}, "KAUGUMMI 0,99", {"item": "i3"}],
        store="Depot",
        date="2024-01-31",
    )
    assert statuses(answer) == [
        ("butter", "checked"),
        ("milk", "checked"),
        ("KAUGUMMI", "recorded"),
        ("bread", "checked"),
    ]
    assert answer["results"][0]["changes"] == {"quantity": "250 g", "store": "Depot", "price": "2.49 EUR"}
    assert (answer["total"], answer["counts"]) == ({"EUR": 5.66}, {"checked": 3, "recorded": 1})
    assert (await each_era.call("list_items"))["items"] == []
    found = {each["name"]: each for each in await bought(each_era)}
    assert {name: each.get("price") for name, each in found.items()} == {
        "butter": 2.49,
        "milk": 2.18,
        "KAUGUMMI": 0.99,
        "bread": None,
    }
    assert found["butter"]["quantity"] == "250 g"
    assert found["milk"]["quantity"] == "2 l"
    assert {each["at"] for each in found.values()} == {"2024-01-31T00:00+00:00"}
    assert {each["store"] for each in found.values()} == {"Depot"}
    assert "ref" not in found["KAUGUMMI"]


async def test_undo_takes_all_of_it_back_and_undoing_that_brings_it_back(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["butter", {"name": "tea", "price": 4}])
    before = await each_era.call("list_items", detail="full")
    answer = await each_era.call("record_purchase", items=["butter 2,49", "gum 0,99", "tea 3,50"], store="Depot")
    recorded = await bought(each_era)
    undone = await each_era.call("undo", undo_ref=answer["undo_ref"])
    assert sorted(statuses(undone)) == [("butter", "undone"), ("gum", "undone"), ("tea", "undone")]
    assert await bought(each_era) == []
    after = await each_era.call("list_items", detail="full")
    assert after["items"] == before["items"]
    await each_era.call("undo", undo_ref=undone["undo_ref"])
    assert sorted(map(str, await bought(each_era))) == sorted(map(str, recorded))
    assert (await each_era.call("get_activity", limit=1))["events"][0]["kind"] == "undo"


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["butter", "tea"])
    await each_era.call("check_items", items=["tea"])
    answer = await each_era.call("record_purchase", items=["butter 2,49", "gum 0,99", "tea 3,50"], dry_run=True)
    assert statuses(answer) == [("butter", "would_check"), ("gum", "would_record"), ("tea", "would_update")]
    assert answer["total"] == {"EUR": 6.98}
    assert "undo_ref" not in answer
    assert [each["name"] for each in (await each_era.call("list_items"))["items"]] == ["butter"]
    assert [each["name"] for each in await bought(each_era)] == ["tea"]


async def test_a_line_that_fits_several_items_changes_nothing_and_has_candidates(client: McpClient) -> None:
    await client.call("add_items", items=["oat milk", "soy milk", "bread"])
    answer = await client.call("record_purchase", items=["MILK 1,99", "bread 2,49"])
    milk, bread = answer["results"]
    assert (milk["status"], milk["error"]["code"], bread["status"]) == ("failed", "ambiguous", "checked")
    assert milk["error"]["candidates"] == ["oat milk (i1)", "soy milk (i2)"]
    assert answer["total"] == {"EUR": 2.49}
    again = await client.call("record_purchase", items=[{"item": milk["error"]["candidates"][1], "price": 1.99}])
    assert statuses(again) == [("soy milk", "checked")]
    refused = await client.call("add_items", items=["soy milk"])
    assert refused["results"][0]["name"] == "soy milk"
    assert (await client.refusal("record_purchase", items=["milk 1,99"]))["code"] == "ambiguous"


async def test_what_was_checked_off_in_the_shop_gets_its_price_and_is_no_second_purchase(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["butter", "milk"])
    await each_era.call("check_items", items=["butter", "milk"])
    first = await each_era.call("record_purchase", items=["butter 2,49"], store="Depot")
    assert statuses(first) == [("butter", "updated")]
    assert [(each["name"], each.get("price"), each.get("store")) for each in await bought(each_era, item="butter")] == [
        ("butter", 2.49, "Depot")
    ]
    again = await each_era.call("record_purchase", items=["butter 2,49"], store="Depot")
    assert statuses(again) == [("butter", "unchanged")]
    assert again["total"] == {}
    other = await each_era.call("record_purchase", items=["butter 2,99"], store="Depot")
    assert statuses(other) == [("butter", "recorded")]
    assert len(await bought(each_era, item="butter")) == 2
    await each_era.call("undo", undo_ref=first["undo_ref"])
    prices = sorted(str(each.get("price")) for each in await bought(each_era, item="butter"))
    assert prices == ["2.99", "None"]
    await each_era.call("check_items", items=["butter"], checked=False)
    assert [each["price"] for each in await bought(each_era, item="butter")] == [2.99]


async def test_what_changed_since_is_left_alone_by_undo(client: McpClient) -> None:
    await client.call("add_items", items=["butter"])
    await client.call("check_items", items=["butter"])
    priced = await client.call("record_purchase", items=["butter 2,49"])
    await client.call("record_purchase", items=["butter"], store="Depot")
    error = await client.refusal("undo", undo_ref=priced["undo_ref"])
    assert error["code"] == "conflict"
    assert [each["price"] for each in await bought(client)] == [2.49]


async def test_the_same_thing_twice_on_a_receipt_is_bought_twice(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    answer = await client.call("record_purchase", items=["MILK 1,09", "MILK 1,09", "Milk 2 x 1,09 2,18"])
    assert [each["status"] for each in answer["results"]] == ["checked", "recorded", "recorded"]
    assert answer["total"] == {"EUR": 4.36}
    assert [each["times"] for each in await bought(client, item="milk")] == [3, 3, 3]


async def test_faulty_lines_fail_alone(client: McpClient) -> None:
    answer = await client.call(
        "record_purchase",
        items=["DEPOSIT -0,25", "i99", {"item": "tea", "quantity": 0}, {"item": "", "price": 1}, "gum 0,99"],
    )
    assert [each.get("error", {}).get("code") for each in answer["results"]] == [
        "invalid",
        "not_found",
        "invalid",
        "invalid",
        None,
    ]
    assert answer["results"][0]["error"]["field"] == "items[0]"
    assert [each["name"] for each in await bought(client)] == ["gum"]


async def test_a_receipt_is_of_the_past_and_of_our_time(client: McpClient) -> None:
    for date in ("2126-01-01", "1889-01-01"):
        error = await client.refusal("record_purchase", items=["gum"], date=date)
        assert (error["code"], error["field"]) == ("invalid", "date")


async def test_who_paid_is_a_member(client: McpClient, ada: Connected, factory: Factory) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    await client.call("record_purchase", items=["gum 0,99"], paid_by="Bob")
    await client.call("record_purchase", items=["tea 2,99"], paid_by="me")
    tea, gum = await bought(client)
    assert (gum["by"], gum["paid_by"], tea["by"], "paid_by" in tea) == ("Ada", "Bob", "Ada", False)
    assert (await client.refusal("record_purchase", items=["gum"], paid_by="Eve"))["field"] == "paid_by"


async def test_a_key_records_a_receipt_once(client: McpClient) -> None:
    for _ in range(2):
        await client.call("record_purchase", items=["gum 0,99"], idempotency_key="receipt 7")
    assert len(await bought(client)) == 1


async def test_the_history_tells_it(client: McpClient) -> None:
    await client.call("add_items", items=["butter"])
    await client.call("record_purchase", items=["butter 2,49", "gum 0,99"], store="Depot")
    (event,) = (await client.call("get_activity", kind="record_purchase"))["events"]
    assert [(each["name"], each["what"]) for each in event["changes"]] == [
        ("butter", "bought at Depot for 2.49 EUR; price – → 2.49"),
        ("gum", "bought at Depot for 0.99 EUR"),
    ]


async def test_several_lines_of_one_name_that_were_all_bought_are_no_question(client: McpClient) -> None:
    await client.call("add_items", items=["milk (oat)", "milk (soy)"], on_duplicate="separate")
    await client.call("check_items", items=["i1", "i2"])
    answer = await client.call("record_purchase", items=["MILK 1,09"])
    assert statuses(answer) == [("milk", "updated")]


async def test_a_purchase_keeps_the_category_that_it_had(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "soap", "category": "Household", "price": 1}, "tea"])
    await client.call("check_items", items=["soap"])
    await client.call(
        "update_items", items=[{"item": "soap", "category": "Care"}, {"item": "tea", "category": "Drinks"}]
    )
    await client.call("remove_items", items=["tea"])
    await client.call("record_purchase", items=["SOAP 2,00", "TEA 3,00", "gum 4,00"], date="2024-01-31")
    groups = (await client.call("get_spending", group_by="category"))["groups"]
    assert {each.get("group"): each["total"] for each in groups} == {"Household": 1, "Care": 2, "Drinks": 3, None: 4}


async def test_some_lines_of_a_receipt_can_be_taken_back(client: McpClient) -> None:
    await client.call("add_items", items=["butter"])
    answer = await client.call("record_purchase", items=["butter 2,49", "gum 0,99", "tea 3,50"])
    gone = await client.call("undo", undo_ref=answer["undo_ref"], items=["gum"])
    assert statuses(gone) == [("gum", "undone")]
    assert sorted(each["name"] for each in await bought(client)) == ["butter", "tea"]
    rest = await client.call("undo", undo_ref=answer["undo_ref"], **{"except": ["tea"]})
    assert ("butter", "undone") in statuses(rest)
    assert [each["name"] for each in await bought(client)] == ["tea"]


async def test_the_price_of_an_item_is_an_estimate_until_a_receipt_says_it(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "tea", "price": 4}])
    await client.call("check_items", items=["tea"])
    answer = await client.call("record_purchase", items=["tea 3,50"])
    assert statuses(answer) == [("tea", "updated")]
    assert [each["price"] for each in await bought(client)] == [3.5]
    await client.call("undo", undo_ref=answer["undo_ref"])
    assert [each["price"] for each in await bought(client)] == [4]


@pytest.mark.parametrize(
    "line",
    ["TOTAL 14,55", "Zu zahlen: EUR 14,55", "Visa 14,55", "MwSt 7% 0,95", "A 7,0% 13,60 0,95 14,55", "2 Stk x 0,99"],
)
async def test_what_a_receipt_adds_up_is_nothing_that_was_bought(client: McpClient, line: str) -> None:
    answer = await client.call("record_purchase", items=["BUTTER 2,49", line])
    assert answer["counts"] == {"recorded": 1, "failed": 1}
    assert "Leave it out" in answer["results"][1]["error"]["message"]
    assert answer["total"] == {"EUR": 2.49}


@pytest.fixture
async def bob(factory: Factory, ada: Connected) -> None:
    """A second member, who shares what Ada buys."""
    person, _ = await factory.person("Bob")
    await factory.join(person, ada.household_id, "editor")


async def balances(client: McpClient, **arguments: Any) -> dict[str, dict[str, float]]:
    found = (await client.call("get_spending", show="balances", **arguments))["balances"]
    return {each["person"]: {key: each[key] for key in ("settled", "balance") if key in each} for each in found}


async def test_a_debt_that_was_settled_is_owed_no_longer(bob: None, each_era: McpClient) -> None:
    await each_era.call("record_purchase", items=["feast 50,00"])
    assert await balances(each_era) == {"Ada": {"balance": 25}, "Bob": {"balance": -25}}
    tried = await each_era.call("record_purchase", items=["20 EUR"], paid_by="Bob", paid_to="me", dry_run=True)
    assert (statuses(tried), "undo_ref" in tried) == ([("20.00 EUR", "would_settle")], False)
    settled = await each_era.call("record_purchase", items=["20 EUR"], paid_by="Bob", paid_to="me")
    (entry,) = settled["results"]
    assert (entry["status"], entry["changes"], settled["total"]) == ("settled", {"from": "Bob", "to": "Ada"}, {})
    half = {"Ada": {"settled": -20, "balance": 5}, "Bob": {"settled": 20, "balance": -5}}
    assert await balances(each_era) == half
    rest = await each_era.call(
        "record_purchase", items=[{"item": "the rest", "price": 5}], paid_by="Bob", paid_to="Ada"
    )
    answer = await each_era.call("get_spending", show="balances")
    assert (answer["transfers"], [each["balance"] for each in answer["balances"]]) == ([], [0, 0])
    await each_era.call("undo", undo_ref=rest["undo_ref"])
    assert await balances(each_era) == half
    undone = await each_era.call("undo", undo_ref=settled["undo_ref"])
    assert statuses(undone) == [("20.00 EUR", "undone")]
    assert await balances(each_era) == {"Ada": {"balance": 25}, "Bob": {"balance": -25}}
    await each_era.call("undo", undo_ref=undone["undo_ref"])
    assert await balances(each_era) == half


async def test_what_was_settled_is_no_purchase_and_stands_in_the_history(bob: None, client: McpClient) -> None:
    await client.call("record_purchase", items=["feast 50,00"])
    settled = await client.call("record_purchase", items=["12,50"], paid_to="Bob", date="2024-05-01")
    assert [each["name"] for each in await bought(client)] == ["feast"]
    assert (await client.call("get_spending"))["totals"][0]["total"] == 50
    (event,) = (await client.call("get_activity", kind="settle_debt"))["events"]
    assert event["changes"] == [{"ref": "", "name": "12.50 EUR", "what": "given by Ada to Bob"}]
    assert (await balances(client, until="2024-05-02")) == {
        "Ada": {"settled": 12.5, "balance": 12.5},
        "Bob": {"settled": -12.5, "balance": -12.5},
    }
    assert (await balances(client, since="2024-05-02"))["Bob"] == {"balance": -25}
    assert (await balances(client, item="feast"))["Bob"] == {"balance": -25}, "it was given for everything"
    await client.call("undo", undo_ref=settled["undo_ref"])
    event = (await client.call("get_activity", kind="undo"))["events"][0]
    assert event["changes"] == [{"ref": "", "name": "12.50 EUR", "what": "not given after all"}]


async def test_a_guest_who_bought_something_is_paid_back(client: McpClient) -> None:
    await client.call("invite_member", role="guest", name="Grandma")
    answer = await client.call("record_purchase", items=["5"], paid_to="Grandma (guest)")
    assert answer["results"][0]["changes"] == {"from": "Ada", "to": "Grandma (guest)"}
    assert (await balances(client))["Grandma (guest)"] == {"settled": -5, "balance": -5}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"items": ["20 EUR"], "paid_to": "me"}, "paid_to"),
        ({"items": ["20 EUR"], "paid_to": "Mallory"}, "paid_to"),
        ({"items": ["20 EUR"], "paid_to": "Bob", "paid_by": "Mallory"}, "paid_by"),
        ({"items": ["20 EUR"], "paid_to": "Bob", "store": "Depot"}, "store"),
        ({"items": ["20 EUR"], "paid_to": "Bob", "date": "2999-01-01"}, "date"),
        ({"items": ["20 USD"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["0"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["-5 EUR"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["some money"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["5 EUR for milk"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["1e400"], "paid_to": "Bob"}, "items[0]"),
        ({"items": ["99999999999999 EUR"], "paid_to": "Bob"}, "items[0]"),
    ],
)
async def test_money_that_can_not_have_been_given_is_refused_by_name(
    bob: None, client: McpClient, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal("record_purchase", **arguments))["field"] == field
    assert await balances(client) == {}


async def test_two_amounts_of_a_call_are_both_given_and_a_faulty_one_fails_alone(bob: None, client: McpClient) -> None:
    answer = await client.call("record_purchase", items=["5", "€7.50", "a lot"], paid_to="Bob", idempotency_key="once")
    assert answer["counts"] == {"settled": 2, "failed": 1}
    await client.call("record_purchase", items=["5", "€7.50", "a lot"], paid_to="Bob", idempotency_key="once")
    assert (await balances(client))["Bob"] == {"settled": -12.5, "balance": -12.5}
