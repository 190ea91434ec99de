"""JSON of Mealie's API: a shopping list, or a recipe."""

from collections.abc import Mapping
from typing import Any

from app.lists.importing.models import Row
from app.lists.importing.products import (
    Found,
    FoundRecipe,
    FoundRow,
    as_list,
    as_object,
    cells_of,
    line_of,
    name_in,
    whole,
)


def read_mealie(root: Any) -> Found | None:
    """Return the items of a shopping list of Mealie, or its recipe or page of recipes."""
    data = as_object(root)
    if "listItems" in data:
        return Found([_row_of(each, number) for number, each in enumerate(as_list(data["listItems"]))])
    if _is_recipe(data):
        return Found([], [_recipe_of(data, ())])
    pages = as_list(data.get("items")) if "items" in data else as_list(root)
    prefix = ("items",) if "items" in data else ()
    if pages and all(_is_recipe(as_object(each)) for each in pages):
        return Found([], [_recipe_of(as_object(each), (*prefix, number)) for number, each in enumerate(pages)])
    return None


def _is_recipe(data: Mapping[str, Any]) -> bool:
    """Tell it from schema.org's, whose ingredients are texts."""
    ingredients = as_list(data.get("recipeIngredient"))
    return bool(ingredients) and all(isinstance(each, dict) for each in ingredients)


def _row_of(value: Any, number: int) -> FoundRow:
    path = ("listItems", number)
    item = as_object(value)
    if not item:
        return FoundRow(path, Row(fault="an item must be an object"))
    has_food = bool(name_in(item.get("food")))
    unit = name_in(item.get("unit"))
    # Without a food, the note is the item. One piece is what Mealie has where nobody gave an amount.
    name = (name_in(item.get("food")), ("food", "name")) if has_food else (item.get("note"), ("note",))
    counted = item.get("quantity") if unit or item.get("quantity") not in (0, 1) else None
    cells, keys = cells_of(
        {
            "name": name,
            "quantity": (counted, ("quantity",)),
            "unit": (unit if counted is not None else None, ("unit", "name")),
            "note": (item.get("note") if has_food else None, ("note",)),
            "category": (name_in(item.get("label")), ("label", "name")),
            "checked": (item.get("checked"), ("checked",)),
        }
    )
    return FoundRow(path, Row(cells), keys)


def _recipe_of(recipe: Mapping[str, Any], path: tuple[str | int, ...]) -> FoundRecipe:
    servings = whole(recipe.get("recipeServings")) or whole(recipe.get("recipeYieldQuantity"))
    lines = [_line_of(as_object(each)) for each in as_list(recipe.get("recipeIngredient"))]
    return FoundRecipe(path, recipe.get("name"), servings, lines)


def _line_of(ingredient: Mapping[str, Any]) -> str:
    food = name_in(ingredient.get("food"))
    if not food:
        return line_of(ingredient.get("originalText") or ingredient.get("display") or ingredient.get("note"))
    note = ingredient.get("note")
    quantity = ingredient.get("quantity") or None
    return line_of(quantity, name_in(ingredient.get("unit")) if quantity else None, food, f"({note})" if note else None)
