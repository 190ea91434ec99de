"""Recipes and staples over MCP: saved, pasted, shown, scaled, put on lists, and undone."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.lists.models import ITEMS_PER_LIST
from app.recipes.models import LINES_PER_RECIPE, RECIPES_PER_HOUSEHOLD
from bench.filling import lengthen_lists
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import rows

pytestmark = pytest.mark.anyio

PANCAKES = ["200 g flour", "3 eggs", "1/2 l milk", "salt", "1 lemon (organic)"]


async def save(client: McpClient, name: str = "Pancakes", **settings: Any) -> dict[str, Any]:
    return await client.call("save_recipe", **{"name": name, "servings": 4, "items": PANCAKES, **settings})


async def apply(client: McpClient, recipe: str = "Pancakes", **arguments: Any) -> dict[str, Any]:
    return await client.call("apply_recipe", recipe=recipe, **arguments)


async def bought(client: McpClient, **arguments: Any) -> dict[str, Any]:
    """What is to be bought, by name: its amount."""
    found = (await client.call("list_items", detail="full", **arguments))["items"]
    return {each["name"]: " ".join(str(each[key]) for key in ("quantity", "unit") if key in each) for each in found}


async def recipe(client: McpClient, name: str = "Pancakes", **arguments: Any) -> dict[str, Any]:
    (found,) = (await client.call("get_recipes", recipe=name, **arguments))["recipes"]
    return found


async def test_a_recipe_is_saved_and_shown_as_it_was_typed(each_era: McpClient) -> None:
    saved = await save(each_era)
    shown = ["200 g flour", "3 eggs", "0.5 l milk", "salt", "1 lemon (organic)"]
    expected = {"ref": "R1", "name": "Pancakes", "kind": "recipe", "servings": 4, "lines": 5, "items": shown}
    assert (saved["status"], saved["recipe"], saved["undo_ref"]) == ("created", expected, "e1")
    assert await recipe(each_era, "pancakes") == await recipe(each_era, "r1") == expected
    (listed,) = (await each_era.call("get_recipes"))["recipes"]
    assert listed == {key: value for key, value in expected.items() if key != "items"}


async def test_amounts_to_cook_by_are_exact_and_those_to_buy_are_whole(client: McpClient) -> None:
    await save(client)
    assert (await recipe(client, servings=6))["items"] == [
        "300 g flour",
        "4.5 eggs",
        "750 ml milk",
        "salt",
        "1.5 lemon (organic)",
    ]
    applied = await apply(client, servings=6)
    assert applied["counts"] == {"added": 5}
    assert await bought(client) == {"flour": "300 g", "eggs": "5", "milk": "750 ml", "salt": "", "lemon": "2"}


async def test_what_is_on_the_list_is_merged_and_items_remember_the_recipe(client: McpClient) -> None:
    await client.call("add_items", items=["1 kg flour", "bread"])
    await save(client)
    applied = await apply(client)
    assert applied["counts"] == {"merged": 1, "added": 4}
    assert (await bought(client))["flour"] == "1.2 kg"
    found = (await client.call("list_items", detail="full"))["items"]
    assert {each["name"] for each in found if each.get("recipe") == "Pancakes"} == {
        *("flour", "eggs", "milk", "salt", "lemon")
    }
    concise = (await client.call("list_items"))["items"]
    assert not any("recipe" in each for each in concise)


async def test_items_are_grouped_by_recipe(client: McpClient) -> None:
    await save(client, "Tea", items=["tea", "honey"])
    await save(client, "Applesauce", items=["4 apples"])
    await client.call("add_items", items=["bread"])
    await apply(client, "Tea")
    await apply(client, "Applesauce")
    found = (await client.call("list_items", group_by="recipe", detail="full"))["items"]
    assert [(each["name"], each.get("recipe")) for each in found] == [
        ("apples", "Applesauce"),
        ("tea", "Tea"),
        ("honey", "Tea"),
        ("bread", None),
    ]
    first = await client.call("list_items", group_by="recipe", limit=1)
    rest = await client.call("list_items", group_by="recipe", limit=9, cursor=first["next_cursor"])
    assert [each["name"] for each in [*first["items"], *rest["items"]]] == ["apples", "tea", "honey", "bread"]


async def test_a_recipe_is_taken_off_an_item_and_dropped_when_it_is_bought_again(client: McpClient) -> None:
    await save(client, items=["tea", "honey"])
    await apply(client)
    cleared = await client.call("update_items", items=[{"item": "tea", "clear": ["recipe"]}])
    assert cleared["counts"] == {"updated": 1}
    await client.call("check_items", items=["honey"])
    await client.call("add_items", items=["honey"])
    assert not any("recipe" in each for each in (await client.call("list_items", detail="full"))["items"])
    await client.call("undo", undo_ref=cleared["undo_ref"])
    found = (await client.call("list_items", detail="full"))["items"]
    assert {each["name"]: each.get("recipe") for each in found} == {"tea": "Pancakes", "honey": None}


async def test_things_are_left_out_by_name(client: McpClient) -> None:
    await save(client, items=["black pepper", "2 red peppers", "Salt", "1 kg ripe tomatoes"])
    await apply(client, exclude=["salt", "tomatoes", "red pepper"])
    assert await bought(client) == {"black pepper": ""}
    for name, code in (("pepper", "ambiguous"), ("caviar", "not_found")):
        refusal = await client.refusal("apply_recipe", recipe="R1", exclude=["salt", name])
        assert (refusal["code"], refusal["field"]) == (code, "exclude[1]")
        assert "black pepper" in refusal["candidates"]
    await apply(client, exclude=["salt", "tomatoes", "red peppers", "black pepper"])
    assert await bought(client) == {"black pepper": ""}


async def test_staples_go_on_the_list_that_is_named(client: McpClient) -> None:
    await client.call("save_list", name="Party")
    saved = await save(client, "Every week", kind="staples", items=["2 l milk", "bread"], servings=None)
    assert saved["recipe"]["kind"] == "staples"
    assert "servings" not in saved["recipe"]
    assert (await apply(client, "every week", list="party"))["list"] == "L2"
    assert await bought(client, list="Party") == {"milk": "2 l", "bread": ""}
    for tool in ("apply_recipe", "get_recipes"):
        assert (await client.refusal(tool, recipe="Every week", servings=4))["field"] == "servings"


async def test_a_pasted_recipe_is_saved_and_arguments_go_before_the_text(client: McpClient) -> None:
    text = "Waffles\nServes 2\n\nIngredients:\n- 100 g butter\n- 3 eggs\n\nMethod\nBake."
    saved = (await client.call("save_recipe", text=text))["recipe"]
    assert (saved["name"], saved["servings"], saved["items"]) == ("Waffles", 2, ["100 g butter", "3 eggs"])
    page = {"@type": "Recipe", "name": "Soup", "recipeYield": "6 bowls", "recipeIngredient": ["1 l stock", "2 leeks"]}
    saved = (await client.call("save_recipe", text=json.dumps(page), name="Leek soup", servings=3))["recipe"]
    assert (saved["name"], saved["servings"], saved["items"]) == ("Leek soup", 3, ["1 l stock", "2 leeks"])
    changed = await client.call("save_recipe", recipe="Waffles", text="Other title\n1 kg flour")
    assert (changed["recipe"]["name"], changed["recipe"]["servings"]) == ("Waffles", 2)
    assert changed["recipe"]["items"] == ["1 kg flour"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"items": ["egg"]}, "name"),
        ({"name": "Soup"}, "items"),
        ({"name": "", "items": ["egg"]}, "name"),
        ({"name": "x" * 201, "items": ["egg"]}, "name"),
        ({"name": "Soup", "items": ["egg", "a\0b"]}, "items[1]"),
        ({"name": "Soup", "items": ["egg", "x" * 201]}, "items[1]"),
        ({"name": "Soup", "items": ["egg\n" * (LINES_PER_RECIPE + 1)]}, "items"),
        ({"name": "Soup", "items": [f"egg ({'x' * 1_990})"] * 11}, "items"),
        ({"name": "Soup", "items": ["egg"], "servings": 0}, "servings"),
        ({"name": "Soup", "items": ["egg"], "servings": 1_001}, "servings"),
        ({"name": "Soup", "items": ["egg"], "text": "Soup\negg"}, "text"),
        ({"text": '{"@type": "Recipe", "name": "Soup", "recipeIngredient": 7}'}, "text.recipeIngredient"),
        ({"text": "Soup"}, "text"),
        ({"text": f"Soup\n{'x' * 201}"}, "text line 2"),
        ({"recipe": "Nothing", "items": ["egg"]}, "recipe"),
        ({"recipe": "R\x00", "items": ["egg"]}, "recipe"),
    ],
)
async def test_each_fault_names_its_field_and_saves_nothing(
    client: McpClient, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal("save_recipe", **arguments))["field"] == field
    assert (await client.call("get_recipes"))["recipes"] == []


async def test_a_name_is_taken_once(client: McpClient) -> None:
    await save(client)
    await save(client, "Soup")
    refusal = await client.refusal("save_recipe", name="pancakes", items=["egg"])
    assert (refusal["code"], refusal["candidates"]) == ("conflict", ["Pancakes (R1)"])
    assert (await client.refusal("save_recipe", recipe="Soup", name="PANCAKES"))["code"] == "conflict"
    assert (await client.call("save_recipe", recipe="R1", name="PANCAKES"))["status"] == "updated"
    assert (await client.refusal("apply_recipe", recipe="Cake"))["candidates"] == ["PANCAKES (R1)", "Soup (R2)"]


@pytest.mark.parametrize("said", ["lentil soup", "lentil", "soup lentil", "Lentil Soup (R1)", " r1 ", "LENTIL SOUPS"])
async def test_a_recipe_is_found_as_people_say_it(client: McpClient, said: str) -> None:
    await save(client, "Lentil soup")
    await save(client, "Tomato soup")
    assert (await recipe(client, said))["ref"] == "R1"


async def test_a_name_that_fits_several_recipes_is_answered_with_them(client: McpClient) -> None:
    await save(client, "Lentil soup")
    await save(client, "Tomato soup")
    for tool in ("get_recipes", "apply_recipe", "save_recipe"):
        refusal = await client.refusal(tool, recipe="soup")
        assert refusal["code"] == "ambiguous"
        assert refusal["candidates"] == ["Lentil soup (R1)", "Tomato soup (R2)"]


async def test_saving_what_is_there_changes_nothing(client: McpClient) -> None:
    await save(client)
    again = await client.call("save_recipe", recipe="Pancakes", servings=4, items=PANCAKES)
    assert again["status"] == "unchanged"
    assert "undo_ref" not in again


async def test_saving_is_undone_and_brought_back(client: McpClient) -> None:
    saved = await save(client)
    changed = await client.call("save_recipe", recipe="R1", items=["1 egg"], servings=1, archived=True)
    assert changed["recipe"]["archived"] is True
    undone = await client.call("undo", undo_ref=changed["undo_ref"])
    assert [(each["ref"], each["status"]) for each in undone["results"]] == [("R1", "undone")]
    assert (await recipe(client)) == saved["recipe"]
    gone = await client.call("undo", undo_ref=saved["undo_ref"])
    assert (await client.call("get_recipes"))["recipes"] == []
    await client.call("undo", undo_ref=gone["undo_ref"])
    assert (await recipe(client)) == saved["recipe"]


async def test_an_archived_recipe_is_out_of_the_way_until_it_is_back_in_use(client: McpClient) -> None:
    await save(client, "Leek soup", items=["3 leeks"])
    await save(client, "Fish soup", items=["1 cod"])
    archived = await client.call("save_recipe", recipe="Leek soup", archived=True)
    assert [each["name"] for each in (await client.call("get_recipes"))["recipes"]] == ["Fish soup"]
    (hidden,) = (await client.call("get_recipes", archived=True))["recipes"]
    assert (hidden["ref"], hidden["name"], hidden["archived"]) == ("R1", "Leek soup", True)
    assert (await recipe(client, "leek soup"))["items"] == ["3 leeks"]
    assert (await recipe(client, "soup"))["name"] == "Fish soup", "one in use comes before one that is put away"
    for said in ("R1", "leek"):
        refusal = await client.refusal("apply_recipe", recipe=said)
        assert (refusal["code"], refusal["field"]) == ("conflict", "recipe")
        assert "archived=false" in refusal["message"]
    assert (await client.refusal("save_recipe", name="Leek soup", items=["egg"]))["code"] == "conflict"
    await client.call("undo", undo_ref=archived["undo_ref"])
    assert (await apply(client, "R1"))["counts"] == {"added": 1}
    await client.call("save_recipe", recipe="R1", archived=True)
    restored = await client.call("save_recipe", recipe="R1", archived=False)
    assert "archived" not in restored["recipe"]
    assert len((await client.call("get_recipes"))["recipes"]) == 2
    assert (await client.call("get_recipes", archived=True))["recipes"] == []


async def test_an_undo_leaves_what_was_changed_since(client: McpClient) -> None:
    await save(client)
    first = await client.call("save_recipe", recipe="R1", items=["1 egg"], servings=2)
    await client.call("save_recipe", recipe="R1", servings=8)
    undone = await client.call("undo", undo_ref=first["undo_ref"])
    (result,) = undone["results"]
    assert result["error"]["code"] == "conflict"
    assert "servings" in result["error"]["message"]
    assert ((await recipe(client))["servings"], (await recipe(client))["lines"]) == (8, 5)


async def test_a_recipe_does_not_come_back_under_a_name_that_is_taken(client: McpClient) -> None:
    saved = await save(client)
    gone = await client.call("undo", undo_ref=saved["undo_ref"])
    other = await save(client, items=["1 egg"])
    assert other["recipe"]["ref"] == "R2"
    undone = await client.result("tools/call", {"name": "undo", "arguments": {"undo_ref": gone["undo_ref"]}})
    assert "There is a recipe of that name already" in str(undone)
    assert (await recipe(client))["ref"] == "R2"


async def test_putting_a_recipe_on_a_list_is_undone(client: McpClient) -> None:
    await client.call("add_items", items=["1 kg flour"])
    await save(client)
    before = await client.call("list_items", detail="full")
    applied = await apply(client, servings=8)
    await client.call("undo", undo_ref=applied["undo_ref"])
    assert (await client.call("list_items", detail="full"))["items"] == before["items"]


async def test_the_same_key_applies_a_recipe_once(client: McpClient) -> None:
    saved = await save(client, idempotency_key="a")
    assert await save(client, idempotency_key="a") == saved
    first = await apply(client, idempotency_key="b")
    assert await apply(client, idempotency_key="b") == first
    assert (await bought(client))["flour"] == "200 g"
    assert len((await client.call("get_recipes"))["recipes"]) == 1


async def test_the_history_says_what_became_of_a_recipe(client: McpClient) -> None:
    await save(client)
    await apply(client)
    await client.call("save_recipe", recipe="R1", name="Crêpes", servings=2, items=["1 egg"], archived=True)
    events = (await client.call("get_activity"))["events"]
    assert [each["kind"] for each in events] == ["save_recipe", "apply_recipe", "save_recipe"]
    told = [each["changes"][0] for each in events[::2]]
    assert told == [
        {"ref": "R1", "name": "Crêpes", "what": "archived; name Pancakes → Crêpes; servings 4 → 2; items changed"},
        {"ref": "R1", "name": "Crêpes", "what": "saved"},
    ]
    assert len((await client.call("get_activity", kind="save_recipe"))["events"]) == 2


async def test_too_many_servings_fail_line_by_line(client: McpClient) -> None:
    await save(client, items=["90000000 kg sand", "salt"], servings=1)
    applied = await apply(client, servings=1_000)
    assert applied["counts"] == {"failed": 1, "added": 1}
    assert (await recipe(client, servings=1_000))["items"] == ["sand", "salt"]


async def test_strangers_find_nothing_and_viewers_only_look(
    factory: Factory, http: httpx.AsyncClient, ada: Connected, client: McpClient
) -> None:
    await save(client)
    eve = McpClient(http, (await factory.connected("Eve")).token)
    assert (await eve.call("get_recipes"))["recipes"] == []
    for name in ("Pancakes", "R1"):
        refusal = await eve.refusal("apply_recipe", recipe=name)
        assert (refusal["code"], refusal.get("candidates")) == ("not_found", None)
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(http, (await factory.connect(vic, ada.household_id)).token)
    assert (await recipe(viewer))["name"] == "Pancakes"
    assert (await viewer.refusal("save_recipe", recipe="R1", servings=2))["code"] == "role"
    assert (await viewer.refusal("apply_recipe", recipe="R1"))["code"] == "role"


@pytest.fixture
async def full(engine: Engine, ada: Connected) -> None:
    """As many recipes as Ada's household may have, of a line each."""
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(
            text("""
                INSERT INTO recipes (household_id, id, no, name, name_key, kind, rev)
                SELECT :household, gen_random_uuid(), n, 'Dish ' || n, 'dish ' || lpad(n::text, 4, '0'), 'recipe', 0
                FROM generate_series(1, :number) AS n"""),
            {"household": ada.household_id, "number": RECIPES_PER_HOUSEHOLD},
        )
        await connection.execute(
            text("""
                INSERT INTO recipe_lines (household_id, recipe_id, position, name)
                SELECT household_id, id, 1, 'egg' FROM recipes""")
        )


@pytest.mark.usefixtures("full")
async def test_a_thousand_recipes_are_paged_and_no_more_are_saved(client: McpClient) -> None:
    refs: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.call("get_recipes", **cursor)
        refs += [each["ref"] for each in page["recipes"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert refs == [f"R{number}" for number in range(1, RECIPES_PER_HOUSEHOLD + 1)]
    assert (await client.refusal("save_recipe", name="One more", items=["egg"]))["code"] == "limit"
    assert (await client.refusal("get_recipes", cursor="W10"))["field"] == "cursor"


async def test_lines_are_stored_once_in_their_order(engine: Engine, ada: Connected, client: McpClient) -> None:
    await save(client)
    await client.call("save_recipe", recipe="R1", items=["b", "a", "2 kg c (d)"])
    found = await rows(
        engine, ada.household_id, "SELECT position, name, note, measure FROM recipe_lines ORDER BY position"
    )
    assert [tuple(each.values()) for each in found] == [
        (1, "b", None, "none"),
        (2, "a", None, "none"),
        (3, "c", "d", "mass"),
    ]


async def test_a_recipe_of_a_hundred_lines_goes_on_a_long_list_and_a_full_one_takes_what_fits(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS_PER_LIST - 150, ITEMS_PER_LIST - 149)
    long = [f"{number + 1} g spice{number}" for number in range(LINES_PER_RECIPE)]
    await save(client, items=long)
    assert (await apply(client, servings=8))["counts"] == {"added": LINES_PER_RECIPE}
    assert (await apply(client, servings=8))["counts"] == {"merged": LINES_PER_RECIPE}
    found = (await client.call("list_items", query="spice99", detail="full"))["items"]
    assert [(each["quantity"], each["recipe"]) for each in found] == [(400, "Pancakes")]
    await save(client, "Other", items=[f"{each} root" for each in long])
    applied = await apply(client, "Other")
    assert applied["counts"]["failed"] > 0
    assert applied["counts"]["added"] + applied["counts"]["failed"] == LINES_PER_RECIPE
    assert {each["error"]["code"] for each in applied["results"] if each["status"] == "failed"} == {"limit"}
