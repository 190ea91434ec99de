"""Putting what a recipe takes on a list, for as many people as come."""

from collections.abc import Collection, Sequence
from fractions import Fraction

from app.errors import Ambiguous, AppError, Invalid, NotFound
from app.households.tenant import Tenant
from app.lists.items.add import add_parsed
from app.lists.items.fields import NAME_LENGTH, ParsedItem
from app.lists.models import Changed
from app.lists.save_plan import refuse_archived
from app.quantities.merge_key import merge_key
from app.recipes.models import LINES_PER_RECIPE, Recipe, RecipeLine
from app.recipes.parsing import parse_servings
from app.recipes.resolve_recipe import resolve_recipe
from app.recipes.scaling import scale_for_shop
from app.text import clean


async def apply_recipe(
    tenant: Tenant, recipe_name: str, list_name: str | None, servings: int | None, exclude: Sequence[str]
) -> Changed:
    """Add what a recipe takes to a list, but for what `exclude` names, and merge it with what is there.

    Amounts are for so many servings, or those of the recipe, and as shops sell them. Items remember the recipe.
    Raises `NotFound` for the recipe, the list and a name to exclude, `Ambiguous` for a name that fits several lines,
    `Conflict` for a recipe that is archived, and `Invalid` for servings where the recipe has none.
    """
    recipe = await resolve_recipe(tenant, recipe_name)
    refuse_archived(recipe, "recipe")
    factor = factor_for(recipe, servings)
    excluded = {
        line
        for number, name in enumerate(exclude)
        for line in named_lines(recipe.lines, recipe.ref, name, f"exclude[{number}]")
    }
    lines = [line for number, line in enumerate(recipe.lines) if number not in excluded]
    parsed = [item_of(line, recipe, factor) for line in lines]
    names = [line.name for line in lines]
    return await add_parsed(tenant, "apply_recipe", names, parsed, list_name, "merge", all_or_nothing=False)


def factor_for(recipe: Recipe, servings: int | None) -> Fraction:
    """Return how many times the amounts of a recipe so many servings take. Raises `Invalid`."""
    if servings is None:
        return Fraction(1)
    parse_servings(servings, "servings")
    if recipe.servings is None:
        message = f"{recipe.ref} doesn't say how many it is for. Set its servings with save_recipe, or leave them out."
        raise Invalid(message, field="servings")
    return Fraction(servings, recipe.servings)


def item_of(line: RecipeLine, recipe: Recipe, factor: Fraction) -> ParsedItem | AppError:
    """Return so many times a line as an item of that recipe, or why that can't be bought."""
    quantity = None
    if line.quantity is not None:
        quantity = scale_for_shop(line.quantity, factor)
        if quantity is None:
            return Invalid("For so many servings the quantity is nothing, or over 100 billion.", field="servings")
    return ParsedItem(line.name, quantity=quantity, note=line.note, recipe_id=recipe.id)


def named_lines(lines: Sequence[RecipeLine], where: str, name: str, field: str) -> Collection[int]:
    """Return the numbers of the lines of that name, else of the one whose name contains all of its words.

    Raises `NotFound` and `Ambiguous` with candidates; `where` says whose lines these are.
    """
    key = merge_key(clean(name, field, NAME_LENGTH))
    keys = [merge_key(line.name) for line in lines]
    same = [number for number, each in enumerate(keys) if each == key]
    if same:
        return same
    words = set(key.split())
    found = [number for number, each in enumerate(keys) if words <= set(each.split())]
    names = list(dict.fromkeys(lines[number].name for number in found))
    if len(names) > 1:
        raise Ambiguous(
            f"{field} fits several items of {where}. Use one of the candidates.",
            field=field,
            candidates=names[:LINES_PER_RECIPE],
        )
    if not found:
        message = f"{field} is no item of {where}. Use one of the candidates."
        candidates = list(dict.fromkeys(line.name for line in lines))
        raise NotFound(message, field=field, candidates=candidates[:LINES_PER_RECIPE])
    return found
