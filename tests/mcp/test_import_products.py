"""Exports of other products: items, recipes, and faults by line, from hand-written data in the documented shapes."""

import json
from typing import Any

import pytest

from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

KITCHENOWL: dict[str, Any] = {
    "name": "Home",
    "language": "en",
    "member": ["ann"],
    "shoppinglists": ["Default"],
    "items": [{"name": "Milk", "category": "Dairy", "icon": "milk"}, {"name": "Soap"}],
    "recipes": [
        {
            "name": "Pancakes",
            "description": "Mix and fry.",
            "yields": 4,
            "time": 20,
            "items": [
                {"name": "Flour", "description": "250 g", "optional": False},
                {"name": "Salt", "description": "", "optional": True},
            ],
            "tags": ["sweet"],
        }
    ],
    "expenses": [{"name": "Shop", "amount": 12.5, "date": 1700000000000, "paid_by": "ann", "paid_for": []}],
}
MEALIE_LIST: dict[str, Any] = {
    "name": "Week",
    "id": "0b7c",
    "listItems": [
        {
            "quantity": 2.0,
            "unit": {"name": "kilogram", "abbreviation": "kg"},
            "food": {"name": "flour", "label": None},
            "note": "wholemeal",
            "checked": False,
            "label": {"name": "Baking"},
        },
        {"quantity": 1.0, "unit": None, "food": None, "note": "light bulbs", "checked": True, "label": None},
        {"quantity": 3.0, "unit": None, "food": {"name": "lemons"}, "note": "", "checked": False},
    ],
    "recipeReferences": [],
}
MEALIE_RECIPE: dict[str, Any] = {
    "name": "Lentil soup",
    "slug": "lentil-soup",
    "recipeServings": 4.0,
    "recipeIngredient": [
        {"quantity": 300.0, "unit": {"name": "g"}, "food": {"name": "lentils"}, "note": "red"},
        {"quantity": 1.0, "unit": None, "food": {"name": "onion"}, "note": ""},
        {"quantity": None, "unit": None, "food": None, "note": "salt", "originalText": "a pinch of salt"},
    ],
    "recipeInstructions": [{"text": "Boil."}],
}
GROCY: dict[str, Any] = {
    "shopping_list": [
        {"id": 1, "product_id": 7, "note": None, "amount": 2, "shopping_list_id": 1, "done": 0, "qu_id": 3},
        {"id": 2, "product_id": None, "note": "birthday card", "amount": 1, "shopping_list_id": 1, "done": 1},
    ],
    "products": [{"id": 7, "name": "Tinned tomatoes", "product_group_id": 2}],
    "quantity_units": [{"id": 3, "name": "can"}],
    "product_groups": [{"id": 2, "name": "Tins"}],
}
GROCY_LOG: dict[str, Any] = {
    "stock_log": [
        {
            "id": 1,
            "product_id": 7,
            "amount": 2,
            "purchased_date": "2026-11-01",
            "transaction_type": "purchase",
            "price": 0.995,
            "shopping_location_id": 4,
            "undone": 0,
        },
        {"id": 2, "product_id": 7, "amount": -1, "purchased_date": "2026-11-01", "transaction_type": "consume"},
        {"id": 3, "product_id": 8, "amount": "500", "purchased_date": "2026-11-02", "transaction_type": "purchase"},
        {
            "id": 4,
            "product_id": 8,
            "amount": 900,
            "purchased_date": "2026-11-02",
            "transaction_type": "purchase",
            "price": "0.0025",
            "undone": 1,
        },
    ],
    "products": [
        {"id": 7, "name": "Tinned tomatoes", "product_group_id": 2, "qu_id_stock": 3},
        {"id": 8, "name": "Flour", "qu_id_stock": 5},
    ],
    "quantity_units": [{"id": 3, "name": "can"}, {"id": 5, "name": "g"}],
    "product_groups": [{"id": 2, "name": "Tins"}],
    "shopping_locations": [{"id": 4, "name": "Market"}],
}
TODOIST = (
    "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\r\n"
    "task,2 l milk,,4,1,Ann (1),,,en,UTC\r\n"
    "note,the fresh one,,,,Ann (1),,,,\r\n"
    ",,,,,,,,,\r\n"
    "section,Bakery,,,,,,,,\r\n"
    'task,Bread @market,"sliced, dark",1,1,Ann (1),,,en,UTC\r\n'
)


def kept(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("ref", "added_by", "bought_at", "bought_by")}


async def imported(client: McpClient, data: object, **arguments: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer, and what is on the list then."""
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    answer = await client.call("import_items", data=text, **arguments)
    items = (await client.call("list_items", view="all", detail="full"))["items"]
    return answer, [kept(item) for item in items]


async def test_kitchenowl_brings_what_it_knows_as_bought_and_its_recipes(each_era: McpClient) -> None:
    answer, items = await imported(each_era, KITCHENOWL)
    assert (answer["format"], answer["counts"]) == ("kitchenowl", {"added": 2, "recipes": 1})
    assert answer["left_out"] == {"expenses": 1}
    assert items == [
        {"name": "Milk", "category": "Dairy", "checked": True},
        {"name": "Soap", "checked": True},
    ]
    (recipe,) = (await each_era.call("get_recipes", recipe="pancakes"))["recipes"]
    assert (recipe["servings"], recipe["items"]) == (4, ["250 g Flour", "Salt"])
    await each_era.call("undo", undo_ref=answer["undo_ref"])
    assert (await each_era.call("list_items", view="all"))["items"] == []
    assert (await each_era.call("get_recipes"))["recipes"] == []


async def test_mealie_brings_a_list_and_recipes(client: McpClient) -> None:
    answer, items = await imported(client, MEALIE_LIST)
    assert (answer["format"], answer["counts"]) == ("mealie", {"added": 3})
    assert items == [
        {"name": "flour", "quantity": 2, "unit": "kg", "note": "wholemeal", "category": "Baking"},
        {"name": "lemons", "quantity": 3},
        {"name": "light bulbs", "checked": True},
    ]
    answer, _ = await imported(client, MEALIE_RECIPE)
    assert answer["counts"] == {"recipes": 1}
    await client.call("save_recipe", recipe="lentil soup", name="Old soup")
    answer, _ = await imported(client, {"page": 1, "items": [MEALIE_RECIPE]})
    (recipe,) = (await client.call("get_recipes", recipe="lentil soup"))["recipes"]
    assert recipe["servings"] == 4
    assert recipe["items"] == ["300 g lentils (red)", "1 onion", "1 pinch salt"]


async def test_grocy_brings_its_lists_with_the_names_of_its_products(client: McpClient) -> None:
    answer, items = await imported(client, GROCY)
    assert answer["format"] == "grocy"
    assert items == [
        {"name": "Tinned tomatoes", "quantity": 2, "unit": "cans", "category": "Tins"},
        {"name": "birthday card", "quantity": 1, "checked": True},
    ]
    refusal = await client.refusal("import_items", data=json.dumps(GROCY["shopping_list"], indent=1))
    (fault,) = refusal["faults"]
    assert (fault["line"], "product 7 is not in products" in fault["reason"]) == (2, True)


async def bought(client: McpClient) -> list[dict[str, Any]]:
    """What is on record of purchases, the latest first."""
    return (await client.call("get_spending", show="purchases"))["purchases"]


async def test_grocy_brings_what_was_bought_with_the_price_of_all_of_it(each_era: McpClient) -> None:
    answer, items = await imported(each_era, GROCY_LOG)
    assert (answer["format"], answer["rows"], answer["counts"]) == ("grocy", 2, {"purchases": 2})
    assert (answer["left_out"], items) == ({"stock_changes": 2}, [])
    flour, tomatoes = await bought(each_era)
    assert (flour["name"], flour["quantity"], flour.get("price")) == ("Flour", "500 g", None)
    assert (tomatoes["name"], tomatoes["quantity"], tomatoes["price"]) == ("Tinned tomatoes", "2 cans", 1.99)
    assert (tomatoes["store"], tomatoes["at"][:10]) == ("Market", "2026-11-01")
    whole = {**GROCY, **GROCY_LOG}
    answer, items = await imported(each_era, whole)
    assert answer["counts"] == {"added": 2, "skipped": 2}
    assert len(items) == 2
    await each_era.call("undo", undo_ref=answer["undo_ref"])
    assert len(await bought(each_era)) == 2


async def test_purchases_of_grocy_are_undone_as_one_call(client: McpClient) -> None:
    answer, _ = await imported(client, {**GROCY, **GROCY_LOG})
    assert answer["counts"] == {"added": 2, "purchases": 2}
    await client.call("undo", undo_ref=answer["undo_ref"])
    assert (await bought(client), (await client.call("list_items", view="all"))["items"]) == ([], [])


async def test_the_same_purchase_is_imported_once_unless_separate_lines_are_asked_for(client: McpClient) -> None:
    twice = {**GROCY_LOG, "stock_log": [GROCY_LOG["stock_log"][0]] * 2}
    assert (await imported(client, twice, dry_run=True))[0]["counts"] == {"purchases": 2}
    assert await bought(client) == []
    assert (await imported(client, GROCY_LOG))[0]["counts"] == {"purchases": 2}
    assert (await imported(client, twice))[0]["counts"] == {"purchases": 1, "skipped": 1}
    assert (await imported(client, twice))[0]["counts"] == {"skipped": 2}
    assert (await imported(client, twice, on_duplicate="separate"))[0]["counts"] == {"purchases": 2}
    assert len(await bought(client)) == 5


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"product_id": 9}, "product 9 is not in products"),
        ({"product_id": "a\nb"}, "product ab is not in products"),
        ({"product_id": [1]}, "product_id must be a number"),
        ({"product_id": {"id": 1}}, "product_id must be a number"),
        ({"product_id": True}, "product_id must be a number"),
        ({"purchased_date": None}, "the purchase has no day"),
        ({"purchased_date": "soon"}, "bought_on must be a day"),
        ({"purchased_date": "2999-01-01"}, "not in the future"),
        ({"purchased_date": "0001-01-01"}, "since 1990"),
        ({"price": -1}, "price"),
        ({"price": "cheap"}, "price must be a number"),
        ({"amount": -2}, "quantity"),
        ({"amount": 100_000, "price": 100_000_000}, "price must be between"),
    ],
)
async def test_a_purchase_that_cannot_be_is_a_fault_of_its_line(
    client: McpClient, wrong: dict[str, Any], reason: str
) -> None:
    bad = {**GROCY_LOG, "stock_log": [{**GROCY_LOG["stock_log"][0], **wrong}]}
    refusal = await client.refusal("import_items", data=json.dumps(bad, indent=1))
    assert reason in refusal["faults"][0]["reason"]
    assert 2 < refusal["faults"][0]["line"] < 13
    assert await bought(client) == []


async def test_the_log_alone_names_what_it_needs(client: McpClient) -> None:
    refusal = await client.refusal("import_items", data=json.dumps(GROCY_LOG["stock_log"], indent=1))
    assert "product 7 is not in products" in refusal["faults"][0]["reason"]
    assert refusal["faults"][0]["line"] == 2


@pytest.mark.parametrize("form", ["auto", "csv"])
async def test_todoist_brings_tasks_with_their_sections_and_comments(client: McpClient, form: str) -> None:
    answer, items = await imported(client, TODOIST, format=form)
    assert (answer["format"], answer["counts"]) == ("todoist", {"added": 2})
    assert items == [
        {"name": "milk", "quantity": 2, "unit": "l", "note": "the fresh one"},
        {"name": "Bread", "category": "Bakery", "note": "sliced, dark", "priority": "high"},
    ]


async def test_faults_are_named_by_their_place_and_nothing_is_stored(client: McpClient) -> None:
    bad: dict[str, Any] = {**KITCHENOWL, "items": [{"name": "Milk"}, {"name": "x" * 201}, {"category": "Dairy"}, 7]}
    refusal = await client.refusal("import_items", data=json.dumps(bad, indent=1))
    lines: list[str] = json.dumps(bad, indent=1).splitlines()
    faults: list[dict[str, Any]] = refusal["faults"]
    long, nameless, number = faults
    assert "x" * 201 in lines[int(long["line"]) - 1]
    assert "no name" in nameless["reason"]
    assert (lines[int(number["line"]) - 1].strip(), number["reason"]) == ("7", "an item must be an object")
    assert (await client.call("list_items", view="all"))["items"] == []
    assert (await client.call("get_recipes"))["recipes"] == []


async def test_a_recipe_of_a_name_that_is_taken_is_a_fault_of_its_line(client: McpClient) -> None:
    await imported(client, KITCHENOWL)
    refusal = await client.refusal("import_items", data=json.dumps(KITCHENOWL, indent=1))
    (fault,) = refusal["faults"]
    assert "a recipe of that name already" in fault["reason"]
    lines: list[str] = json.dumps(KITCHENOWL, indent=1).splitlines()
    assert lines[int(fault["line"]) - 1].strip() == "{"
    skipped, _ = await imported(client, KITCHENOWL, on_error="skip")
    assert skipped["counts"]["failed"] == 1
    tried, _ = await imported(client, {**KITCHENOWL, "recipes": []}, dry_run=True)
    assert tried["dry_run"] is True


async def test_a_dry_run_stores_no_recipe(client: McpClient) -> None:
    answer, items = await imported(client, KITCHENOWL, dry_run=True)
    assert (answer["counts"], items) == ({"added": 2, "recipes": 1}, [])
    assert (await client.call("get_recipes"))["recipes"] == []


ODD: list[Any] = [
    {"shoppinglists": [], "member": [], "items": 7, "recipes": {"a": 1}, "expenses": None},
    {"listItems": [None, 7, {"food": 7, "unit": [], "note": {}, "quantity": "x"}]},
    {"shopping_list": [{"product_id": {}, "amount": [], "note": 7}], "products": [7, {"id": []}]},
    {"stock_log": [7, {"transaction_type": [], "undone": {}}, {"transaction_type": "purchase"}], "products": {}},
    {"stock_log": {"transaction_type": "purchase"}, "products": [{"id": 1, "qu_id_stock": []}]},
    [{"recipeIngredient": [{"food": 7, "quantity": "a", "note": []}], "name": 7}],
    {"recipes": [{"yields": "x", "items": [7], "name": None}]},
    "TYPE,CONTENT\nnote,alone\nsection\ntask\n,\n",
    "TYPE,CONTENT,PRIORITY\ntask,a,b,c,d\n",
]


@pytest.mark.parametrize("data", ODD)
async def test_shapes_that_nobody_expects_are_refused_or_read_but_no_fault_of_ours(
    client: McpClient, data: object
) -> None:
    text = data if isinstance(data, str) else json.dumps(data)
    result = await client.result("tools/call", {"name": "import_items", "arguments": {"data": text}})
    assert "request id" not in str(result)
    if result["isError"]:
        assert json.loads(result["content"][0]["text"])["error"]["code"] == "invalid"


@pytest.mark.parametrize("number", ["1e9999999", "1e-999999", "-1e9999999", "1e99999999999999999999"])
async def test_a_number_that_no_amount_can_be_is_never_written_out(client: McpClient, number: str) -> None:
    salt = f'{{"quantity": {number}, "food": {{"name": "salt"}}}}'
    recipe = f'{{"name": "Soup", "recipeYieldQuantity": {number}, "recipeIngredient": [{salt}]}}'
    await client.call("import_items", data=recipe)
    (shown,) = (await client.call("get_recipes", recipe="Soup"))["recipes"]
    assert "servings" not in shown
    assert len(str(shown)) < 1_000
