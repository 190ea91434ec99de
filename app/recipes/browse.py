"""Reading recipes in pages, all of them or those whose names have the words of a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.cursors import NAME_KEY, make_cursor, read_cursor
from app.households.tenant import Tenant
from app.quantities.merge_key import singular
from app.recipes.models import NAME_LENGTH, RECIPES_PER_HOUSEHOLD, RecipeSummary
from app.recipes.repository import read_recipes
from app.text import clean, fold

PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class RecipePage:
    """Recipes in alphabetical order, and where the next page starts."""

    recipes: Sequence[RecipeSummary]
    next_cursor: str | None


async def browse_recipes(tenant: Tenant, query: str | None, cursor: str | None, *, archived: bool) -> RecipePage:
    """Return a page of the recipes in use, or of those that were put away. Raises `Invalid` for query and cursor."""
    after = "" if cursor is None else read_cursor(cursor, NAME_KEY)
    words = (
        [] if query is None else [(word, singular(word)) for word in fold(clean(query, "query", NAME_LENGTH)).split()]
    )
    # With a query all are read: a household has a thousand at most.
    most = RECIPES_PER_HOUSEHOLD if words else PER_PAGE + 1
    found = await read_recipes(tenant, after, most, archived=archived)
    if words:
        found = [each for each in found if all(any(form in each.name_key for form in forms) for forms in words)]
    page = found[:PER_PAGE]
    return RecipePage(page, make_cursor(page[-1].name_key) if len(found) > PER_PAGE else None)
