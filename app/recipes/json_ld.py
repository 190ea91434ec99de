"""A recipe in JSON-LD, as schema.org/Recipe describes it: https://schema.org/Recipe."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Invalid
from app.text import printable

_DEEPEST: Final = 6
"""How far below the top a recipe is looked for."""

_HOLDERS: Final = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
"""The properties in which pages have their recipe."""

_NUMBER: Final = re.compile(r"[0-9]{1,6}")


class _Amount(BaseModel):
    """A schema.org/QuantitativeValue."""

    model_config = ConfigDict(strict=True)

    value: str | int | float | None = None


class _Recipe(BaseModel):
    """What is read of a recipe."""

    model_config = ConfigDict(strict=True)

    name: str | None = None
    recipeYield: str | int | float | _Amount | list[str | int | float] | None = None  # noqa: N815
    recipeIngredient: list[str] | str | None = None  # noqa: N815
    recipeInstructions: Any = None  # noqa: N815
    url: Any = None
    ingredients: list[str] | str | None = Field(default=None, description="Its name until 2013")


def read_json_ld(text: str, field: str) -> tuple[str | None, int | None, Sequence[str], str, str]:
    """Return name, servings, ingredients, steps (a line for each) and address of the one recipe in a JSON-LD document.

    Raises `Invalid` for what is no JSON, for none or several recipes, and for a field of another type, by its name.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(f"{field} begins like JSON, but is none that can be read.", field=field) from None
    found = list(_recipes_in(document, 0))
    if not found:
        message = f'{field} is JSON without a recipe. It needs an object with "@type": "Recipe".'
        raise Invalid(message, field=field)
    if len(found) > 1:
        names = [printable(each["name"]) for each in found if isinstance(each.get("name"), str)]
        message = f"{field} has {len(found)} recipes. Save them one at a time."
        raise Invalid(message, field=field, candidates=names[:20])
    try:
        recipe = _Recipe.model_validate(found[0])
    except ValidationError as error:
        name = f"{field}.{error.errors()[0]['loc'][0]}"
        raise Invalid(f"{name} is not as https://schema.org/Recipe says.", field=name) from None
    given = recipe.recipeIngredient if recipe.recipeIngredient is not None else recipe.ingredients
    ingredients = given.splitlines() if isinstance(given, str) else given or []
    plain = (" ".join(html.unescape(each).split()) for each in ingredients)
    name = None if recipe.name is None else html.unescape(recipe.name)
    steps = "\n".join(_steps_in(recipe.recipeInstructions, 0))
    source = recipe.url if isinstance(recipe.url, str) else ""
    return name, _servings(recipe), [each for each in plain if each], steps, source


def _steps_in(node: object, depth: int) -> Iterator[str]:
    """Give the steps of a text, of a HowToStep, of a HowToSection, or of a list of them."""
    if isinstance(node, str):
        yield html.unescape(node)
    elif depth > _DEEPEST:
        return
    elif isinstance(node, list):
        for each in cast("list[object]", node):
            yield from _steps_in(each, depth + 1)
    elif isinstance(node, dict):
        step = cast("dict[str, object]", node)
        yield from _steps_in(step.get("text", step.get("itemListElement")), depth + 1)


def _recipes_in(node: object, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for each in cast("list[object]", node):
            yield from _recipes_in(each, depth + 1)
    elif isinstance(node, dict):
        properties = cast("dict[str, Any]", node)
        if _is_recipe(properties.get("@type")):
            yield properties
            return
        for name in _HOLDERS:
            yield from _recipes_in(properties.get(name), depth + 1)


def _is_recipe(kind: object) -> bool:
    kinds = cast("list[object]", kind) if isinstance(kind, list) else [kind]
    return any(isinstance(each, str) and re.split("[/:#]", each)[-1] == "Recipe" for each in kinds)


def _servings(recipe: _Recipe) -> int | None:
    """Return the first number in what it yields: `4 servings`, 4, ["4", "4 big bowls"]."""
    given = recipe.recipeYield.value if isinstance(recipe.recipeYield, _Amount) else recipe.recipeYield
    found = (_NUMBER.search(str(each)) for each in (given if isinstance(given, list) else [given]))
    return next((int(each[0]) for each in found if each is not None), None)
