"""Saving recipes and staples, also from a text that was pasted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.db import new_id
from app.errors import Conflict, Invalid, LimitReached
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import RecipeChange, as_json
from app.lists.history.repository import insert_event
from app.lists.items.pasted_text import split_text
from app.lists.models import RecipeOutcome
from app.lists.repository import Clock
from app.recipes import repository as recipe_repository
from app.recipes.models import RECIPES_PER_HOUSEHOLD, Recipe, RecipeKind, RecipeLine
from app.recipes.parsing import parse_recipe_lines, parse_recipe_name, parse_servings, parse_source, parse_steps
from app.recipes.pasted import PastedRecipe, read_pasted
from app.recipes.resolve_recipe import resolve_recipe
from app.text import fold


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """What to set of a recipe; None leaves it as it is, and an empty text clears `steps` and `source`. `items` are
    lines as people type them, and `text` is a whole recipe that was pasted."""

    name: str | None = None
    kind: RecipeKind | None = None
    servings: int | None = None
    items: Sequence[str] | None = None
    text: str | None = None
    archived: bool | None = None
    steps: str | None = None
    source: str | None = None
    text_argument: str = "text"
    """The argument that `text` came with."""


@dataclass(frozen=True, slots=True)
class SavedRecipe:
    """What became of a recipe, and the event that recorded it; None when nothing was stored."""

    outcome: RecipeOutcome
    event_no: int | None


async def save_recipe(tenant: Tenant, recipe_name: str | None, settings: RecipeSettings) -> SavedRecipe:
    """Change the named recipe, or make one when none is named.

    Raises `NotFound` for the recipe, `Invalid` for a setting or a line of a text, by its name, `Conflict` when another
    recipe has the name, and `LimitReached` when the household has too many.
    """
    if settings.items is not None and settings.text is not None:
        raise Invalid("items or text: text is a whole recipe, with its items.", field="text")
    clock = await repository.read_clock(tenant)
    before = await resolve_recipe(tenant, recipe_name) if recipe_name is not None else None
    after = _with_settings(before, settings, clock)
    if before is None:
        await refuse_another_recipe(tenant, "name")
        after = replace(after, no=await recipe_repository.next_number(tenant))
    if before is None or after.name != before.name:
        await refuse_taken_recipe_name(tenant, after, "name")
    if after == before:
        return SavedRecipe(RecipeOutcome("unchanged", after), None)
    await recipe_repository.save_recipe(tenant, clock.rev, after)
    event_no = await insert_event(tenant, "save_recipe", None, await as_json([RecipeChange(before, after)]))
    return SavedRecipe(RecipeOutcome("created" if before is None else "updated", after), event_no)


async def delete_recipe(tenant: Tenant, recipe_name: str) -> SavedRecipe:
    """Delete the named recipe; undo brings it back. Raises `NotFound`."""
    before = await resolve_recipe(tenant, recipe_name)
    clock = await repository.read_clock(tenant)
    after = replace(before, deleted_at=clock.now)
    await recipe_repository.save_recipe(tenant, clock.rev, after)
    event_no = await insert_event(tenant, "save_recipe", None, await as_json([RecipeChange(before, after)]))
    return SavedRecipe(RecipeOutcome("deleted", after), event_no)


async def refuse_another_recipe(tenant: Tenant, field: str) -> None:
    """Raise `LimitReached` when the household has all the recipes it may have."""
    if await recipe_repository.count_recipes(tenant) >= RECIPES_PER_HOUSEHOLD:
        message = f"A household has at most {RECIPES_PER_HOUSEHOLD:,} recipes. Change one that is no longer needed."
        raise LimitReached(message, field=field)


async def refuse_taken_recipe_name(tenant: Tenant, named: Recipe, field: str) -> None:
    """Raise `Conflict` when another recipe of the household has the name."""
    same = await recipe_repository.find_recipe(tenant, None, fold(named.name))
    if same is not None and same.id != named.id:
        message = "There is a recipe of that name already. Name it in recipe to change it, or choose another name."
        raise Conflict(message, field=field, candidates=[f"{same.name} ({same.ref})"])


def _with_settings(before: Recipe | None, settings: RecipeSettings, clock: Clock) -> Recipe:
    pasted = PastedRecipe(None, None, ())
    if settings.text is not None:
        pasted = read_pasted(settings.text, settings.text_argument)
    recipe = before or _new_recipe(settings, pasted)
    if settings.name is not None:
        recipe = replace(recipe, name=parse_recipe_name(settings.name, "name"))
    if settings.kind is not None:
        recipe = replace(recipe, kind=settings.kind)
    if settings.servings is not None:
        recipe = replace(recipe, servings=parse_servings(settings.servings, "servings"))
    elif pasted.servings is not None:
        recipe = replace(recipe, servings=pasted.servings)
    if settings.items is not None:
        recipe = replace(recipe, lines=_lines_of(settings.items))
    elif pasted.lines:
        recipe = replace(recipe, lines=pasted.lines)
    if settings.steps is not None:
        recipe = replace(recipe, steps=parse_steps(settings.steps, "steps") if settings.steps.strip() else None)
    elif pasted.steps is not None:
        recipe = replace(recipe, steps=pasted.steps)
    if settings.source is not None:
        recipe = replace(recipe, source=parse_source(settings.source, "source") if settings.source.strip() else None)
    elif pasted.source is not None:
        recipe = replace(recipe, source=pasted.source)
    if settings.archived is not None and settings.archived != (recipe.archived_at is not None):
        recipe = replace(recipe, archived_at=clock.now if settings.archived else None)
    if not recipe.lines:
        raise Invalid("items is missing: a recipe has one line for each thing it takes.", field="items")
    return recipe


def _new_recipe(settings: RecipeSettings, pasted: PastedRecipe) -> Recipe:
    name = settings.name if settings.name is not None else pasted.name
    if name is None:
        message = "name is missing: name makes a new recipe, recipe changes an existing one."
        raise Invalid(message, field="name")
    return Recipe(new_id(), 0, name)


def _lines_of(items: Sequence[str]) -> tuple[RecipeLine, ...]:
    """Return the lines of a recipe; a text of several lines is one for each."""
    lines: list[tuple[str, str]] = []
    for number, item in enumerate(items):
        parts = split_text(item, at_commas=False)
        lines.extend((part if isinstance(part, str) else part.name, f"items[{number}]") for part in parts)
    return parse_recipe_lines(lines, "items")
