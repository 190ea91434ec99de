"""A recipe as tools show it."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from app.errors import Invalid
from app.mcp.prose import shown_amount, shown_name, some_of
from app.recipes.models import PlannedDish, Recipe, RecipeLine, RecipeSummary


class RecipeView(BaseModel):
    """A recipe or staples."""

    ref: str
    name: str
    kind: str
    servings: int | None = None
    archived: bool | None = None
    lines: int = Field(description="How many items")
    items: Sequence[str] | None = None
    steps: str | None = None
    source: str | None = None


class PlannedView(BaseModel):
    """A planned meal."""

    date: str
    meal: str | None = None
    name: str
    recipe: str | None = None
    servings: int | None = None


def plan_days(first: date | None, last: date | None) -> tuple[date, date] | None:
    """Return the days of the plan that a call is about, both included; None for none. Raises `Invalid`."""
    if first is not None:
        return first, last or first
    if last is not None:
        raise Invalid("plan_from is missing: it is the first day.", field="plan_from")
    return None


def planned_view(dish: PlannedDish) -> PlannedView:
    """Return a planned meal; one of words alone, or of a recipe that was deleted, has no recipe."""
    return PlannedView(
        date=dish.planned.day.isoformat(),
        meal=dish.planned.meal,
        name=dish.name,
        recipe=dish.recipe_ref,
        servings=dish.planned.servings,
    )


def planned_in_words(dish: PlannedDish) -> str:
    """Return a planned meal in a few words: `Tue 2026-12-01 dinner Pancakes for 4`."""
    planned = dish.planned
    meal = "" if planned.meal is None else f" {shown_name(planned.meal)}"
    people = "" if planned.servings is None else f" for {planned.servings}"
    return f"{planned.day:%a %Y-%m-%d}{meal} {shown_name(dish.name)}{people}"


def summary_view(recipe: RecipeSummary) -> RecipeView:
    """Return a recipe as it stands among others."""
    return RecipeView(
        ref=recipe.ref,
        name=recipe.name,
        kind=recipe.kind,
        servings=recipe.servings,
        archived=recipe.is_archived or None,
        lines=recipe.lines,
    )


def recipe_view(recipe: Recipe, servings: int | None, lines: Sequence[RecipeLine]) -> RecipeView:
    """Return a recipe with its lines, which are for so many servings."""
    return RecipeView(
        ref=recipe.ref,
        name=recipe.name,
        kind=recipe.kind,
        servings=servings,
        archived=True if recipe.archived_at is not None else None,
        lines=len(lines),
        items=[str(line) for line in lines],
        steps=recipe.steps,
        source=recipe.source,
    )


def recipe_in_words(name: str, servings: int | None, lines: Sequence[RecipeLine]) -> str:
    """Return a recipe in a sentence: `Pancakes for 4: 200 g flour, 2 eggs`."""
    what = [shown_amount(None if line.quantity is None else str(line.quantity), line.name) for line in lines]
    return f"{shown_name(name)}{'' if servings is None else f' for {servings}'}: {some_of(what)}"
