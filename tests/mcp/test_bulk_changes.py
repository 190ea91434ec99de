"""Changing everything of a kind at once: by store, category, person or state; converted units; and sorted lists."""

from typing import Any

import pytest

from app.db import Engine
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names, refs, rows, statuses

pytestmark = pytest.mark.anyio

ITEMS: list[dict[str, Any]] = [
    {"name": "milk", "store": "Aldi", "category": "Dairy", "quantity": 2, "unit": "l"},
    {"name": "bread", "store": "ALDI", "category": "Bakery", "assignee": "Ada"},
    {"name": "cheese", "store": "Lidl", "category": "dairy", "quantity": 1500, "unit": "g"},
    {"name": "nails", "category": "Tools"},
    {"name": "tea", "store": "Aldi", "not_before": "2999-01-01"},
]


@pytest.fixture
async def filled(each_era: McpClient) -> McpClient:
    """Ada's client, with i1 to i5 on L1, of which bread (i2) is bought; L2 is a list for Aldi, with salt (i6)."""
    await each_era.call("add_items", items=ITEMS)
    await each_era.call("check_items", items=["bread"])
    await each_era.call("save_list", name="At Aldi", store="aldi")
    await each_era.call("add_items", items=["salt"], list="L2")
    return each_era


async def details(client: McpClient, word: str) -> dict[str, Any]:
    """A detail of every item of the household that has it, by ref."""
    shown: list[dict[str, Any]] = []
    for view in ("open", "checked", "all"):
        shown += (await client.call("list_items", list="*", view=view, detail="full"))["items"]
    return {item["ref"]: item[word] for item in shown if word in item}


async def everything(client: McpClient) -> Any:
    """Every item with its details, in the order of the lists."""
    return (await client.call("list_items", list="*", view="all", detail="full"))["items"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"where_store": "aldi"}, ["i1", "i2", "i5"]),
        ({"where_store": "aldi", "list": "*"}, ["i1", "i2", "i5", "i6"]),
        ({"where_store": "ALDI", "list": "L2"}, ["i6"]),
        ({"where_store": "Aldi", "view": "open"}, ["i1", "i5"]),
        ({"where_store": "Aldi", "view": "checked"}, ["i2"]),
        ({"where_category": "DAIRY"}, ["i1", "i3"]),
        ({"where_category": "dairy", "where_store": "lidl"}, ["i3"]),
        ({"where_assignee": "ada"}, ["i2"]),
        ({"where_category": "Tools", "where_store": "Lidl"}, []),
        ({"view": "all"}, ["i1", "i2", "i3", "i4", "i5"]),
        ({"view": "all", "list": "*"}, ["i1", "i2", "i3", "i4", "i5", "i6"]),
    ],
)
async def test_everything_that_the_filter_fits_is_changed_and_nothing_else(
    filled: McpClient, where: dict[str, Any], found: list[str]
) -> None:
    before = await everything(filled)
    dry = await filled.call("update_items", **where, set_category="New", dry_run=True)
    assert sorted(each["ref"] for each in dry["results"]) == found
    assert dry["counts"] == ({"would_update": len(found)} if found else {})
    assert "undo_ref" not in dry
    assert await everything(filled) == before

    changed = await filled.call("update_items", **where, set_category="New")

    assert changed["counts"] == ({"updated": len(found)} if found else {})
    news = [ref for ref, category in (await details(filled, "category")).items() if category == "New"]
    assert sorted(news) == found
    if found:
        await filled.call("undo", undo_ref=changed["undo_ref"])
    assert await everything(filled) == before


async def test_items_move_from_one_store_to_another(filled: McpClient) -> None:
    changed = await filled.call("update_items", where_store="Aldi", set_store="Lidl", set_assignee="Ada", list="*")
    assert changed["counts"] == {"updated": 4}
    assert "list" not in changed
    assert await details(filled, "store") == dict.fromkeys(["i1", "i2", "i3", "i5", "i6"], "Lidl")
    again = await filled.refusal("update_items", where_store="Aldi", set_store="Lidl", list="*")
    assert (again["code"], again["field"], again["candidates"]) == ("not_found", "where_store", ["Lidl"])


async def test_a_category_is_renamed_and_what_has_the_name_already_is_unchanged(filled: McpClient) -> None:
    changed = await filled.call("update_items", where_category="dairy", set_category="Dairy")
    assert changed["counts"] == {"unchanged": 1, "updated": 1}
    assert [(each["ref"], each["status"]) for each in changed["results"]] == [("i3", "updated"), ("i1", "unchanged")]
    assert (await details(filled, "category"))["i3"] == "Dairy"


async def test_details_of_many_are_cleared(filled: McpClient) -> None:
    changed = await filled.call("update_items", view="all", clear=["store", "category", "assignee", "not_before"])
    assert changed["counts"] == {"updated": 5}
    assert [await details(filled, word) for word in ("store", "category", "assignee", "not_before")] == [{}] * 4


@pytest.mark.parametrize(
    ("typed", "convert_to", "shown"),
    [
        ("1500 g flour", "auto", "1.5 kg"),
        ("0.5 l milk", "auto", "500 ml"),
        ("250 cl juice", "auto", "2.5 l"),
        ("20 dag ham", "auto", "200 g"),
        ("150 cm rope", "auto", "1.5 m"),
        ("999 g flour", "auto", "999 g"),
        ("2 lb beef", "auto", "2 lb"),
        ("3 cups rice", "auto", "3 cups"),
        ("6 eggs", "auto", "6"),
        ("2 bottles of wine", "auto", "2 bottles"),
        ("1.5 kg flour", "g", "1500 g"),
        ("1500 g flour", "Kilo", "1.5 kg"),
        ("1 kg beef", "lb", "2.205 lb"),
        ("2 l milk", "kg", "2 l"),
        ("6 eggs", "kg", "6"),
    ],
)
async def test_units_are_converted_and_amounts_stay_exact(
    client: McpClient, engine: Engine, ada: Connected, typed: str, convert_to: str, shown: str
) -> None:
    query = "SELECT amount, measure FROM items"
    before = (await client.call("add_items", items=[typed]))["results"][0].get("quantity")
    amount = await rows(engine, ada.household_id, query)

    changed = await client.call("update_items", view="all", convert_to=convert_to)

    (result,) = changed["results"]
    assert (result["quantity"], result.get("was")) == (shown, before if shown != before else None)
    assert result["status"] == ("updated" if shown != before else "unchanged")
    assert await rows(engine, ada.household_id, query) == amount
    if shown != before:
        undone = await client.call("undo", undo_ref=changed["undo_ref"])
        assert undone["results"][0]["quantity"] == before
    assert await rows(engine, ada.household_id, query) == amount


async def test_an_amount_that_would_be_nothing_in_a_unit_keeps_its_own(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "saffron", "quantity": 0.001, "unit": "mg"}])
    assert statuses(await client.call("update_items", view="all", convert_to="kg")) == ["unchanged"]


async def test_what_changed_since_is_left_alone(filled: McpClient) -> None:
    seen = (await filled.call("list_items"))["rev"]
    await filled.call("update_items", items=[{"item": "milk", "store": "Penny"}])
    changed = await filled.call("update_items", view="all", set_store="Lidl", if_rev=seen)
    assert changed["counts"] == {"failed": 1, "updated": 3, "unchanged": 1}
    conflict = next(each for each in changed["results"] if each["status"] == "failed")
    assert (conflict["error"]["code"], conflict["current"]) == ("conflict", {"store": "Penny"})
    before = await everything(filled)
    refusal = await filled.refusal("update_items", view="all", set_store="Aldi", if_rev=seen, all_or_nothing=True)
    assert refusal["code"] == "conflict"
    assert await everything(filled) == before


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"items": [{"item": "milk"}], "where_store": "Aldi", "set_store": "Lidl"}, "invalid", "items"),
        ({"items": [{"item": "milk"}], "set_store": "Lidl"}, "invalid", "items"),
        ({"items": [{"item": "milk"}], "convert_to": "auto"}, "invalid", "items"),
        ({"set_store": "Lidl"}, "invalid", "items"),
        ({}, "invalid", "items"),
        ({"where_store": "Aldi"}, "invalid", None),
        ({"where_store": "", "set_store": "Lidl"}, "invalid", "items"),
        ({"where_store": "Aldi", "set_store": ""}, "invalid", None),
        ({"where_store": "Aldi", "set_store": "x" * 101}, "invalid", "set_store"),
        ({"where_store": "Aldi", "set_store": "Lidl", "clear": ["store"]}, "invalid", "set_store"),
        ({"where_store": "Aldi", "clear": ["quantity"]}, "invalid", "clear[0]"),
        ({"where_store": "Aldi", "convert_to": "bottles"}, "invalid", "convert_to"),
        ({"where_store": "Aldi", "convert_to": "k" * 5000}, "invalid", "convert_to"),
        ({"where_store": "Aldi", "set_assignee": "Eve"}, "not_found", "set_assignee"),
        ({"where_store": "Adli", "set_store": "Lidl"}, "not_found", "where_store"),
        ({"where_category": "Toys", "set_store": "Lidl"}, "not_found", "where_category"),
        ({"where_assignee": "Eve", "set_store": "Lidl"}, "not_found", "where_assignee"),
        ({"where_store": "Aldi", "set_store": "Lidl", "list": "Nowhere"}, "not_found", "list"),
        ({"items": [{"item": "milk", "store": "x"}], "list": "*"}, "not_found", "list"),
    ],
)
async def test_an_unclear_bulk_update_changes_nothing(
    filled: McpClient, arguments: dict[str, Any], code: str, field: str | None
) -> None:
    before = await everything(filled)
    refusal = await filled.refusal("update_items", **arguments)
    assert (refusal["code"], refusal.get("field")) == (code, field)
    assert await everything(filled) == before


async def test_a_misspelled_filter_is_answered_with_what_is_there(filled: McpClient) -> None:
    refusal = await filled.refusal("update_items", where_category="Diary", set_category="Milk")
    assert refusal["candidates"] == ["Dairy", "dairy"]


async def test_a_dry_run_of_named_updates_says_what_would_change(filled: McpClient) -> None:
    before = await everything(filled)
    updates = [{"item": "milk", "quantity": 3}, {"item": "tea"}, {"item": "gold"}]
    dry = await filled.call("update_items", items=updates, dry_run=True)
    assert statuses(dry) == ["would_update", "unchanged", "failed"]
    assert (dry["results"][0]["quantity"], dry["results"][0]["was"]) == ("3 l", "2 l")
    assert await everything(filled) == before
    one = await filled.call("update_items", items=updates[:1], dry_run=True)
    assert (statuses(one), "undo_ref" in one) == (["would_update"], False)
    assert await everything(filled) == before


async def test_all_of_a_store_moves_to_another_list_in_its_order(filled: McpClient) -> None:
    before = await everything(filled)
    dry = await filled.call("move_items", where_store="Aldi", to_list="L2", dry_run=True)
    assert ([(each["ref"], each["status"]) for each in dry["results"]], dry["counts"]) == (
        [("i1", "would_move"), ("i5", "would_move")],
        {"would_move": 2},
    )
    assert await everything(filled) == before

    moved = await filled.call("move_items", where_store="Aldi", to_list="L2")

    assert (statuses(moved), moved["list"]) == (["moved", "moved"], "L2")
    assert await refs(filled, list="L2", view="all") == ["i6", "i1", "i5"]
    await filled.call("undo", undo_ref=moved["undo_ref"])
    assert await everything(filled) == before
    await filled.call("move_items", where_store="Aldi", view="all", to_list="L2", before="salt")
    assert await refs(filled, list="L2", view="all") == ["i1", "i5", "i6", "i2"]


async def test_where_a_line_of_the_same_name_is_open_a_moved_one_stands_beside_it(filled: McpClient) -> None:
    await filled.call("add_items", items=["3 l milk"], list="L2")
    before = await everything(filled)
    moved = await filled.call("move_items", where_category="Dairy", to_list="L2")
    assert moved["counts"] == {"moved": 2}
    assert await names(filled, list="L2") == ["salt", "milk", "milk", "cheese"]
    await filled.call("undo", undo_ref=moved["undo_ref"])
    assert await everything(filled) == before


async def test_all_of_a_kind_go_to_the_top_of_their_own_lists(filled: McpClient) -> None:
    await filled.call("add_items", items=["tea"], list="L2")
    moved = await filled.call("move_items", list="*", where_store="Aldi", view="open", to="top")
    assert sorted(statuses(moved)) == ["moved", "moved", "unchanged", "unchanged"]
    assert await refs(filled, view="all") == ["i1", "i5", "i3", "i4", "i2"]


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"items": ["milk"], "where_store": "Aldi", "to": "top"}, "invalid", "items"),
        ({"to": "top"}, "invalid", "items"),
        ({"where_store": "Aldi"}, "invalid", "to"),
        ({"where_store": "Aldi", "before": "milk"}, "invalid", "before"),
        ({"where_store": "Nowhere", "to": "top"}, "not_found", "where_store"),
        ({"where_store": "Aldi", "to_list": "Nowhere"}, "not_found", "to_list"),
        ({"sort": "name", "items": ["milk"]}, "invalid", "sort"),
        ({"sort": "name", "where_store": "Aldi"}, "invalid", "sort"),
        ({"sort": "name", "view": "all"}, "invalid", "sort"),
        ({"sort": "name", "to": "top"}, "invalid", "sort"),
        ({"sort": "name", "list": "*"}, "not_found", "list"),
        ({"sort": "price"}, "invalid", "sort"),
    ],
)
async def test_an_unclear_move_moves_nothing(
    filled: McpClient, arguments: dict[str, Any], code: str, field: str
) -> None:
    before = await everything(filled)
    refusal = await filled.refusal("move_items", **arguments)
    assert (refusal["code"], refusal["field"]) == (code, field)
    assert await everything(filled) == before


async def test_a_list_is_sorted_by_name_for_good(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["pears", "Äpfel", "bread", "apricots", "Bananas"])
    await each_era.call("check_items", items=["bread"])
    before = await everything(each_era)
    dry = await each_era.call("move_items", sort="name", dry_run=True)
    assert dry["counts"] == {"would_move": 5}
    assert await everything(each_era) == before

    sorted_by_name = await each_era.call("move_items", sort="name")

    assert sorted_by_name["counts"] == {"moved": 5}
    assert await names(each_era) == ["Äpfel", "apricots", "Bananas", "pears"]
    again = await each_era.call("move_items", sort="name")
    assert (again["counts"], "undo_ref" in again) == ({"unchanged": 5}, False)
    await each_era.call("add_items", items=["zucchini", "almonds"])
    assert (await names(each_era))[-2:] == ["zucchini", "almonds"]
    await each_era.call("undo", undo_ref=sorted_by_name["undo_ref"])
    assert (await everything(each_era))[:4] == before[:4]
    assert (await names(each_era))[-2:] == ["zucchini", "almonds"]


async def test_a_sorted_list_numbers_new_items_as_before(client: McpClient) -> None:
    await client.call("add_items", items=["c", "b", "a"])
    await client.call("move_items", sort="name")
    await client.call("add_items", items=["d"])
    assert await refs(client) == ["i3", "i2", "i1", "i4"]
    await client.call("move_items", items=["i3", "i2"], to="bottom")
    await client.call("add_items", items=["e"])
    assert await refs(client) == ["i1", "i4", "i3", "i2", "i6"]


async def test_by_aisle_things_stand_as_the_store_has_them(client: McpClient) -> None:
    await client.call("add_items", items=["soap", "eggs", "milk"])
    for name in ("eggs", "milk", "soap"):
        await client.call("check_items", items=[name], store="Aldi")
    await client.call("remove_items", what="checked")
    await client.call("save_list", list="L1", store="ALDI", category_order=["Fruit", "Bakery"])
    items: list[Any] = [
        "nuts",
        {"name": "bread", "category": "Bakery"},
        {"name": "nails", "store": "Depot"},
        {"name": "soap", "category": "Bath"},
        {"name": "shampoo", "category": "Bath"},
        {"name": "pears", "category": "fruit"},
        "milk",
        {"name": "eggs", "category": "Dairy"},
        {"name": "yeast", "category": "Bakery"},
    ]
    await client.call("add_items", items=items)
    before = await everything(client)

    changed = await client.call("move_items", sort="aisle")

    in_order = ["eggs", "milk", "soap", "shampoo", "pears", "bread", "yeast", "nuts", "nails"]
    assert await names(client, group_by="none") == in_order
    await client.call("undo", undo_ref=changed["undo_ref"])
    assert await everything(client) == before


async def test_without_trips_and_stores_an_aisle_is_a_category(client: McpClient) -> None:
    await client.call("save_list", list="L1", category_order=["Fruit", "Bakery"])
    kinds = {"nuts": None, "bread": "Bakery", "soap": "Bath", "pears": "Fruit", "milk": "Dairy", "figs": "FRUIT"}
    items = [{"name": name, "category": kind} if kind else name for name, kind in kinds.items()]
    await client.call("add_items", items=items)
    await client.call("move_items", sort="aisle")
    assert await names(client, group_by="none") == ["pears", "figs", "bread", "soap", "milk", "nuts"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("update_items", {"where_store": "Aldi", "set_store": "Lidl"}),
        ("update_items", {"view": "all", "list": "*", "convert_to": "auto"}),
        ("move_items", {"where_store": "Aldi", "to_list": "L2"}),
        ("move_items", {"view": "all", "list": "*", "to": "top"}),
        ("move_items", {"sort": "name"}),
    ],
)
async def test_viewers_and_strangers_change_nothing_in_bulk(
    factory: Factory, ada: Connected, filled: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    before = await everything(filled)
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(filled.http, (await factory.connect(vic, ada.household_id)).token, filled.era)
    stranger = McpClient(filled.http, (await factory.connected("Eve")).token, filled.era)
    for dry_run in (False, True):
        assert (await viewer.refusal(tool, **arguments, dry_run=dry_run))["code"] == "role"
    answer = str(await stranger.result("tools/call", {"name": tool, "arguments": arguments}))
    for secret in ("milk", "bread", "cheese", "nails", "tea", "salt", "At Aldi"):
        assert secret not in answer
    assert await everything(filled) == before


async def test_one_key_is_one_bulk_change(filled: McpClient) -> None:
    arguments = {"where_store": "Aldi", "set_store": "Lidl", "idempotency_key": "k"}
    first = await filled.call("update_items", **arguments)
    assert await filled.call("update_items", **arguments) == first
    assert (await filled.refusal("update_items", **{**arguments, "set_store": "Penny"}))["code"] == "conflict"


async def test_a_full_list_takes_of_a_kind_what_fits(filled: McpClient, engine: Engine, ada: Connected) -> None:
    room = 1
    statement = """
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev)
        SELECT lists.household_id, gen_random_uuid(), lists.id, n, 'item ' || n, 'item ' || n, n::bigint << 20, 1
        FROM lists, generate_series(10, 10007) AS n WHERE lists.no = 2 RETURNING 1"""
    await rows(engine, ada.household_id, statement)
    await rows(engine, ada.household_id, "UPDATE clocks SET next_item = 10008 RETURNING 1")
    await rows(engine, ada.household_id, "UPDATE lists SET open_items = open_items + 9998 WHERE no = 2 RETURNING 1")
    moved = await filled.call("move_items", where_store="Aldi", to_list="L2")
    assert moved["counts"] == {"moved": room, "failed": 1}
    (failed,) = [each["error"] for each in moved["results"] if each["status"] == "failed"]
    assert (failed["code"], failed["field"]) == ("limit", "to_list")
    too_many = await filled.refusal("update_items", view="all", list="*", set_store="Lidl")
    assert (too_many["code"], too_many["field"]) == ("limit", "list")
