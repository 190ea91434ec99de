"""The JSON that KitchenOwl exports: every item that it knows, with its category, and recipes.

What is on its lists is not in it. So its items come as bought ones, which brings their categories.
"""

from typing import Any

from app.lists.importing.models import Row
from app.lists.importing.products import Found, FoundRecipe, FoundRow, as_list, as_object, cells_of, line_of, whole


def read_kitchenowl(root: Any) -> Found | None:
    """Return what is in an export of KitchenOwl: of a household, or of its recipes or items alone."""
    data = as_object(root)
    of_household = "shoppinglists" in data and "member" in data
    recipes, items = as_list(data.get("recipes")), as_list(data.get("items"))
    if not of_household and not any("yields" in as_object(each) for each in recipes):
        return None
    return Found(
        [_row_of(each, number) for number, each in enumerate(items)],
        [_recipe_of(as_object(each), number) for number, each in enumerate(recipes)],
        len(as_list(data.get("expenses"))),
    )


def _row_of(value: Any, number: int) -> FoundRow:
    path = ("items", number)
    item = as_object(value)
    if not item:
        return FoundRow(path, Row(fault="an item must be an object"))
    cells, keys = cells_of({"name": (item.get("name"), ("name",)), "category": (item.get("category"), ("category",))})
    return FoundRow(path, Row({**cells, "checked": True}), keys)


def _recipe_of(recipe: Any, number: int) -> FoundRecipe:
    lines = [
        line_of(as_object(each).get("description"), as_object(each).get("name"))
        for each in as_list(recipe.get("items"))
    ]
    return FoundRecipe(("recipes", number), recipe.get("name"), whole(recipe.get("yields")), lines)
