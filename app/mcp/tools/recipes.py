"""A recipe as tools show it."""

from collections.abc import Sequence
from fractions import Fraction

from pydantic import BaseModel, Field

from app.mcp.prose import shown_amount, shown_name, some_of
from app.recipes.models import Recipe, RecipeLine, RecipeSummary
from app.recipes.scaling import scale


class RecipeView(BaseModel):
    """A recipe or staples."""

    ref: str
    name: str
    kind: str
    servings: int | None = None
    archived: bool | None = None
    lines: int = Field(description="How many items")
    items: Sequence[str] | None = None


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
    )


def scaled_lines(recipe: Recipe, factor: Fraction) -> list[RecipeLine]:
    """Return the lines of a recipe for more or fewer servings, to cook by: exactly, and without an amount where that
    would be nothing, or too much to count."""
    return [
        RecipeLine(line.name, None if line.quantity is None else scale(line.quantity, factor), line.note)
        for line in recipe.lines
    ]


def recipe_in_words(name: str, servings: int | None, lines: Sequence[RecipeLine]) -> str:
    """Return a recipe in a sentence: `Pancakes for 4: 200 g flour, 2 eggs`."""
    what = [shown_amount(None if line.quantity is None else str(line.quantity), line.name) for line in lines]
    return f"{shown_name(name)}{'' if servings is None else f' for {servings}'}: {some_of(what)}"
