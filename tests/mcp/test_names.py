"""Names as people say them: of lists, items, stores, categories and members, with nothing guessed where two fit."""

import json
from typing import Any

import pytest

from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def filled(client: McpClient) -> McpClient:
    """Ada's client, with some lists and items."""
    await client.call("save_list", name="Hardware store")
    await client.call("save_list", name="Oma's Käse-Laden")
    await client.call("save_list", name="Party 🎉")
    await client.call("add_items", items=["20 wood screws", "wood glue", "nails"], list="L2")
    return client


@pytest.mark.parametrize(
    ("said", "ref"),
    [
        ("groceries", "L1"),
        ("the grocery list", "L1"),
        ("my Groceries", "L1"),
        ("grocery", "L1"),
        ("hardware", "L2"),
        ("the hardware list", "L2"),
        ("hardware-store", "L2"),
        ("HardwareStore", "L2"),
        ("store", "L2"),
        ("Hardware store (L2)", "L2"),
        ("hard", "L2"),
        ("Omas Kaseladen", "L3"),
        ("oma", "L3"),
        ("Einkaufsliste Party", "L4"),
        ("party", "L4"),
        ("party list", "L4"),
    ],
)
async def test_a_list_is_found_by_what_people_call_it(filled: McpClient, said: str, ref: str) -> None:
    for arguments in ({}, {"view": "all"}):
        assert (await filled.call("list_items", list=said, **arguments))["list"] == ref
    assert (await filled.call("add_items", items=["tape"], list=said))["list"] == ref
    assert (await filled.call("check_items", items=["tape"], list=said))["list"] == ref


async def test_an_add_to_a_list_by_what_people_call_it_merges_as_any_other(filled: McpClient) -> None:
    added = await filled.call("add_items", items=["10 nails", "nails"], list="the hardware list")
    assert added["counts"] == {"merged": 1, "skipped": 1}
    imported = await filled.call("import_items", data="5 nails\n", list="hardware")
    assert imported["counts"] == {"merged": 1}


async def test_pages_of_a_list_by_what_people_call_it_go_on(filled: McpClient) -> None:
    first = await filled.call("list_items", list="hardware", limit=2)
    rest = await filled.call("list_items", list="hardware", limit=2, cursor=first["next_cursor"])
    assert [each["name"] for each in first["items"] + rest["items"]] == ["wood screws", "wood glue", "nails"]


async def test_a_list_name_that_fits_two_is_never_guessed(filled: McpClient) -> None:
    await filled.call("save_list", name="Hardware garden")
    error = await filled.refusal("add_items", items=["tape"], list="hardware list")
    assert (error["code"], error["field"]) == ("ambiguous", "list")
    assert error["candidates"] == ["Hardware store (L2)", "Hardware garden (L5)"]
    for candidate in error["candidates"]:
        assert (await filled.call("add_items", items=["tape"], list=candidate))["counts"] == {"added": 1}


async def test_a_list_in_use_comes_before_an_archived_one(filled: McpClient) -> None:
    await filled.call("save_list", name="Hardware garden", archived=True)
    assert (await filled.call("list_items", list="hardware"))["list"] == "L2"
    await filled.call("save_list", list="L2", archived=True)
    assert (await filled.refusal("list_items", list="hardware"))["code"] == "ambiguous"


@pytest.mark.parametrize("said", ["Hardware store (L1)", "zzz", "the list", "*", "(L2)", "🎊"])
async def test_a_list_that_is_none_gets_the_candidates(filled: McpClient, said: str) -> None:
    error = await filled.refusal("add_items", items=["tape"], list=said)
    assert error["code"] == "not_found"
    assert "Hardware store (L2)" in error["candidates"]


async def test_a_single_list_that_resembles_the_name_is_offered_with_what_to_say(filled: McpClient) -> None:
    error = await filled.refusal("list_items", list="Hardwear stor")
    assert error["candidates"] == ["Hardware store (L2)"]
    assert "give L2" in error["message"]


@pytest.mark.parametrize(
    ("said", "ref"),
    [
        ("the milk", "i4"),
        ("Vollmilch", "i5"),
        ("yogurt", "i6"),
        ("greek yoghurts", "i6"),
        ("self raising flour", "i7"),
        ("self-raising", "i7"),
        ("bakers yeast", "i8"),
        ("cheese", "i9"),
        ("🧀 cheese", "i9"),
        ("icecream", "i10"),
        ("ice-cream", "i10"),
        ("tomato", "i11"),
        ("tom", "i11"),
        ("2 kg tomatoes (i11)", "i11"),
        ("Greek yoghurt (i6)", "i6"),
        ("our cheese", "i9"),
        ("pommes", "i12"),
    ],
)
async def test_an_item_is_found_by_what_people_call_it(filled: McpClient, said: str, ref: str) -> None:
    things = [
        "milk",
        "Vollmilch 3,5%",
        "Greek yoghurt",
        "self-raising flour",
        "baker's yeast",
        "cheese 🧀",
        "ice cream",
        "2 kg tomatoes",
        "Pommes frites",
    ]
    await filled.call("add_items", items=[{"name": thing} for thing in things])
    updated = await filled.call("update_items", items=[{"item": said, "note": "found"}])
    assert [(each["ref"], each["status"]) for each in updated["results"]] == [(ref, "updated")]
    assert (await filled.call("move_items", items=[said], to="top"))["results"][0]["ref"] == ref
    assert (await filled.call("check_items", items=[said]))["results"][0]["ref"] == ref
    assert (await filled.call("remove_items", items=[said]))["results"][0]["ref"] == ref


async def test_a_word_finds_an_item_when_nothing_else_fits(filled: McpClient) -> None:
    checked = await filled.call("check_items", items=["screws"], list="hardware")
    assert checked["results"][0]["name"] == "wood screws"


async def test_a_word_of_two_items_is_never_guessed(filled: McpClient) -> None:
    error = await filled.refusal("remove_items", items=["wood"], list="hardware")
    assert (error["code"], error["field"]) == ("ambiguous", "items[0]")
    assert error["candidates"] == ["20 wood screws (i1)", "wood glue (i2)"]
    for candidate in error["candidates"]:
        assert (await filled.call("remove_items", items=[candidate], list="hardware"))["counts"] == {"removed": 1}


async def test_an_item_of_that_name_comes_before_longer_names(filled: McpClient) -> None:
    await filled.call("add_items", items=["oat milk", "milk", "milk chocolate"])
    assert (await filled.call("check_items", items=["milk"]))["results"][0]["name"] == "milk"


async def test_open_items_come_before_bought_ones(filled: McpClient) -> None:
    await filled.call("add_items", items=["oat milk", "milk chocolate"])
    await filled.call("check_items", items=["chocolate"])
    assert (await filled.call("check_items", items=["milk"]))["results"][0]["name"] == "oat milk"
    unchecked = await filled.call("check_items", items=["chocolate"], checked=False)
    assert unchecked["results"][0]["status"] == "unchecked"


async def test_a_copied_candidate_whose_ref_is_another_item_is_not_that_item(filled: McpClient) -> None:
    error = await filled.refusal("check_items", items=["nails (i1)"], list="Groceries")
    assert error["code"] == "not_found"
    checked = await filled.call("check_items", items=["nails (i1)"], list="hardware")
    assert checked["results"][0]["name"] == "nails", "the name decides, and no ref that contradicts it"


async def test_a_candidate_on_another_list_may_be_copied_as_it_stands(filled: McpClient) -> None:
    error = await filled.refusal("check_items", items=["nails"])
    assert error["candidates"] == ["nails (i3 on L2)"]
    assert "give i3" in error["message"]
    assert (await filled.call("check_items", items=error["candidates"]))["results"][0]["ref"] == "i3"


async def test_a_single_item_that_resembles_the_name_is_offered_with_what_to_say(filled: McpClient) -> None:
    await filled.call("add_items", items=["mozzarella", "bread"])
    error = await filled.refusal("check_items", items=["mozarela"])
    assert error["candidates"] == ["mozzarella (i4)"]
    assert "give i4" in error["message"]


async def test_when_every_entry_failed_the_call_is_refused_with_every_reason(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["milk"])
    result = await each_era.result("tools/call", {"name": "check_items", "arguments": {"items": ["gold", "", "gems"]}})
    assert result["isError"] is True
    error = json.loads(result["content"][0]["text"])["error"]
    assert [each["error"]["code"] for each in error["results"]] == ["not_found", "invalid", "not_found"]
    assert "all 3 entries failed" in error["message"]
    for field in ("items[0]", "items[1]", "items[2]"):
        assert f"{field} " in error["message"]
    assert (await each_era.call("list_items"))["rev"] == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("add_items", {"items": [{"name": "tea", "price": -1}]}),
        ("update_items", {"items": [{"item": "gold", "note": "x"}]}),
        ("check_items", {"items": ["gold"]}),
        ("move_items", {"items": ["gold"], "to": "top"}),
        ("remove_items", {"items": ["gold"]}),
    ],
)
async def test_a_call_whose_one_entry_failed_is_refused_with_its_reason(
    each_era: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    error = await each_era.refusal(tool, **arguments)
    assert error["field"].startswith("items[0]")
    assert error["message"].startswith("items[0]")


async def test_a_conflict_of_every_entry_shows_what_the_item_says_now(client: McpClient) -> None:
    seen = (await client.call("add_items", items=["milk"]))["rev"]
    await client.call("update_items", items=[{"item": "milk", "note": "fresh"}])
    error = await client.refusal("update_items", items=[{"item": "milk", "note": "oat"}], if_rev=seen)
    assert (error["code"], error["ref"], error["current"]) == ("conflict", "i1", {"note": "fresh"})


async def test_nothing_of_all_or_nothing_tells_every_fault(client: McpClient) -> None:
    error = await client.refusal("add_items", items=["milk", "", {"name": "tea", "price": -1}], all_or_nothing=True)
    assert [each["field"] for each in error["errors"]] == ["items[1]", "items[2].price"]


@pytest.mark.parametrize(("kind", "field"), [("store", "where_store"), ("category", "where_category")])
@pytest.mark.parametrize("said", ["trader joes", "TRADER JOE'S", "Trader Joe", "trader", "joe's"])
async def test_stores_and_categories_are_found_by_what_people_call_them(
    client: McpClient, kind: str, field: str, said: str
) -> None:
    await client.call("add_items", items=[{"name": "milk", kind: "Trader Joe's"}, {"name": "tea", kind: "Aldi"}])
    found = await client.call("update_items", **{field: said}, clear=["note"], dry_run=True)
    assert [each["name"] for each in found["results"]] == ["milk"]


@pytest.mark.parametrize(("kind", "field"), [("store", "where_store"), ("category", "where_category")])
async def test_a_store_or_category_that_fits_two_is_never_guessed(client: McpClient, kind: str, field: str) -> None:
    await client.call("add_items", items=[{"name": "milk", kind: "Edeka Nord"}, {"name": "tea", kind: "Edeka Süd"}])
    error = await client.refusal("update_items", **{field: "edeka"}, clear=["note"])
    assert (error["code"], error["field"]) == ("ambiguous", field)
    assert error["candidates"] == ["Edeka Nord", "Edeka Süd"]


async def test_categories_and_stores_compare_without_case(client: McpClient) -> None:
    await client.call("save_list", list="L1", category_order=["dairy", "Fruit", "DAIRY"])
    assert (await client.call("get_overview"))["lists"][0]["category_order"] == ["dairy", "Fruit"]
    items = [("apple", "fruit"), ("milk", "Dairy"), ("plum", "FRUIT"), ("cream", "DAIRY")]
    await client.call("add_items", items=[{"name": name, "category": category} for name, category in items])
    listed = (await client.call("list_items", group_by="category"))["items"]
    assert [each["name"] for each in listed] == ["milk", "cream", "apple", "plum"]
    await client.call("update_items", items=[{"item": name, "price": 1} for name, _ in items])
    await client.call("check_items", items=[name for name, _ in items])
    groups = (await client.call("get_spending", group_by="category"))["groups"]
    assert sorted((each["group"].lower(), each["count"]) for each in groups) == [("dairy", 2), ("fruit", 2)]


@pytest.mark.parametrize("said", ["bob", "Bob Meyer", "bobmeyer", "meyer", "BOB-MEYER", "Bob's"])
async def test_a_member_is_found_by_what_people_call_them(
    client: McpClient, factory: Factory, ada: Connected, said: str
) -> None:
    bob, _ = await factory.person("Bob-Meyer")
    await factory.join(bob, ada.household_id, "editor")
    await client.call("add_items", items=[{"name": "milk", "assignee": said}])
    assert (await client.call("list_items"))["items"][0]["assignee"] == "Bob-Meyer"
    assert (await client.call("update_items", where_assignee=said, clear=["assignee"]))["counts"] == {"updated": 1}
    assert (await client.call("get_activity", person=said))["events"] == []


@pytest.mark.parametrize("names", [("Bob-Meyer", "Bob-Miller"), ("Bob", "Bob")])
async def test_a_member_that_fits_two_is_never_guessed(
    client: McpClient, factory: Factory, ada: Connected, names: tuple[str, str]
) -> None:
    for name in names:
        person, _ = await factory.person(name)
        await factory.join(person, ada.household_id, "editor")
    error = await client.refusal("add_items", items=[{"name": "milk", "assignee": "Bob"}])
    assert error["code"] == "ambiguous"
    assert len(error["candidates"]) == 2
    copied = [{"name": each, "assignee": each} for each in error["candidates"]]
    assert (await client.call("add_items", items=copied))["counts"] == {"added": 2}
    listed = (await client.call("list_items"))["items"]
    assert sorted(each["assignee"] for each in listed) == sorted(names)


async def test_a_household_may_be_named_by_a_word_or_a_copied_candidate(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    mine = (await client.call("get_overview"))["household"]
    for said in ("ada", "Adas household", f"{mine['name']} ({mine['ref']})"):
        assert (await client.call("get_overview", household=said))["household"] == mine
    error = await client.refusal("get_overview", household="Bob")
    assert error["code"] == "not_found"
