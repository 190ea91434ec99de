"""The tool `get_recipes`."""

from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import Field, PrivateAttr, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.households.tenant import Tenant
from app.lists.apply_recipe import factor_for
from app.mcp.prose import shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.mcp.tools.recipes import RecipeView, recipe_in_words, recipe_view, scaled_lines, summary_view
from app.recipes.repository import read_recipes
from app.recipes.resolve_recipe import resolve_recipe
from app.scopes import LISTS_READ

PER_PAGE: Final = 100

_NAME: Final = TypeAdapter[str](Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")])
"""The folded name of the last recipe on a page."""


class Arguments(ToolArguments):
    """Which recipes."""

    recipe: str | None = Field(default=None, description="Name or ref, to see its items; all if left out")
    servings: int | None = Field(default=None, description="Scale the recipe to so many")
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=2000)


class Result(ToolResult):
    """A page of recipes, or one of them."""

    recipes: Sequence[RecipeView]
    next_cursor: str | None = Field(default=None, description="Absent on the last page")
    _words: str = PrivateAttr(default="")

    def saying(self, words: str) -> Self:
        """Return this result, with what it says in words."""
        self._words = words
        return self

    def in_words(self) -> str:
        """Return the names, or what one of them takes."""
        return self._words

    def touched(self) -> int:
        """How many recipes are shown."""
        return len(self.recipes)


async def get_recipes(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows the recipes and staples that are saved, or what one of them takes, scaled to a number of servings. Amounts
    are to cook by; apply_recipe rounds them up to what shops sell."""
    if arguments.recipe is not None:
        recipe = await resolve_recipe(tenant, arguments.recipe)
        lines = scaled_lines(recipe, factor_for(recipe, arguments.servings))
        servings = arguments.servings or recipe.servings
        view = recipe_view(recipe, servings, lines)
        return Result(recipes=[view]).saying(f"{recipe_in_words(recipe.name, servings, lines)}.")
    after = "" if arguments.cursor is None else read_cursor(arguments.cursor, _NAME)
    found = await read_recipes(tenant, after, PER_PAGE + 1)
    page = found[:PER_PAGE]
    names = some_of([shown_name(each.name) for each in page], len(page))
    return Result(
        recipes=[summary_view(each) for each in page],
        next_cursor=make_cursor(page[-1].name_key) if len(found) > PER_PAGE else None,
    ).saying(f"Recipes: {names}." if page else "No recipes are saved here.")


GET_RECIPES = ToolSpec(
    get_recipes,
    Arguments,
    Result,
    title="Show recipes and staples",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True),
)
