"""The tool `get_recipes`."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field, PrivateAttr, TypeAdapter, WithJsonSchema

from app.cursors import make_cursor, read_cursor
from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists.apply_recipe import factor_for
from app.mcp.argument_types import Day
from app.mcp.prose import MOST_NAMED, shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.mcp.tools.recipes import (
    PlannedView,
    RecipeView,
    plan_days,
    planned_in_words,
    planned_view,
    recipe_in_words,
    recipe_view,
    summary_view,
)
from app.recipes.browse import PER_PAGE, browse_recipes
from app.recipes.models import PlannedDish
from app.recipes.plan_repository import read_plan
from app.recipes.resolve_recipe import resolve_recipe
from app.recipes.scaling import scaled_lines
from app.scopes import LISTS_READ

_PLACE: Final = TypeAdapter[tuple[date, int, UUID]](tuple[date, Annotated[int, Field(ge=0, lt=2**31)], UUID])
"""Where the last meal on a page stands in the plan."""

_PLAN: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "object"},
}


class Arguments(ToolArguments):
    """Which recipes, or which days of the plan."""

    recipe: str | None = Field(default=None, description="Name or ref, to see its items; all if left out")
    servings: int | None = Field(default=None, description="Scale the recipe to so many")
    archived: bool = Field(default=False, description="Those put away instead")
    plan_from: Day | None = Field(default=None, description="Show what is planned from this day on instead")
    plan_to: Day | None = Field(default=None, description="Last day; only plan_from if left out")
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=2000)


class Result(ToolResult):
    """A page of recipes, one of them, or a page of the plan."""

    recipes: Sequence[RecipeView] | None = None
    plan: Annotated[Sequence[PlannedView], WithJsonSchema(_PLAN)] | None = Field(
        default=None, description="Each with date, meal, name, recipe (ref), servings"
    )
    today: str | None = Field(default=None, description="In the household's time zone")
    next_cursor: str | None = Field(default=None, description="Absent on the last page")
    _words: str = PrivateAttr(default="")
    _dishes: Sequence[PlannedDish] = PrivateAttr(default=())

    def saying(self, words: str) -> Self:
        """Return this result, with what it says in words."""
        self._words = words
        return self

    def of(self, dishes: Sequence[PlannedDish]) -> Self:
        """Return this result, with the meals that it shows."""
        self._dishes = dishes
        return self

    def in_words(self) -> str:
        """Return the names, what one of them takes, or what is planned."""
        return self._words or _plan_in_words(self._dishes)

    def shortened(self, share: float) -> Self:
        """Show that share of the plan, with a cursor behind it."""
        if len(self._dishes) <= 1:
            return self
        dishes = self._dishes[: max(1, int(len(self._dishes) * share))]
        update = {"plan": [planned_view(each) for each in dishes], "next_cursor": _cursor_behind(dishes[-1])}
        return self.model_copy(update=update).of(dishes)

    def touched(self) -> int:
        """How many recipes and meals are shown."""
        return len(self.recipes or ()) + len(self.plan or ())


async def get_recipes(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows the recipes and staples that are saved, or what one of them takes, scaled to a number of servings, or the
    meal plan of some days. Amounts are to cook by; apply_recipe rounds them up to what shops sell."""
    days = plan_days(arguments.plan_from, arguments.plan_to)
    if days is not None:
        if arguments.recipe is not None or arguments.servings is not None:
            raise Invalid("plan_from shows the plan; leave recipe and servings out.", field="plan_from")
        return await _plan(tenant, *days, arguments.cursor)
    if arguments.recipe is not None:
        recipe = await resolve_recipe(tenant, arguments.recipe)
        lines = scaled_lines(recipe, factor_for(recipe, arguments.servings))
        servings = arguments.servings or recipe.servings
        view = recipe_view(recipe, servings, lines)
        return Result(recipes=[view]).saying(f"{recipe_in_words(recipe.name, servings, lines)}.")
    found = await browse_recipes(tenant, None, arguments.cursor, archived=arguments.archived)
    page = found.recipes
    names = some_of([shown_name(each.name) for each in page], len(page))
    kind = "Archived recipes" if arguments.archived else "Recipes"
    return Result(recipes=[summary_view(each) for each in page], next_cursor=found.next_cursor).saying(
        f"{kind}: {names}." if page else f"No {kind.lower()} are saved here."
    )


async def _plan(tenant: Tenant, first: date, last: date, cursor: str | None) -> Result:
    if last < first:
        raise Invalid("plan_to is before plan_from.", field="plan_to")
    after = None if cursor is None else read_cursor(cursor, _PLACE)
    found = await read_plan(tenant, first, last, PER_PAGE + 1, after)
    page = found[:PER_PAGE]
    return Result(
        plan=[planned_view(each) for each in page],
        today=tenant.today.isoformat(),
        next_cursor=_cursor_behind(page[-1]) if len(found) > PER_PAGE else None,
    ).of(page)


def _cursor_behind(dish: PlannedDish) -> str:
    planned = dish.planned
    return make_cursor((planned.day.isoformat(), planned.position, str(planned.id)))


def _plan_in_words(dishes: Sequence[PlannedDish]) -> str:
    told = [planned_in_words(each) for each in dishes[:MOST_NAMED]]
    return f"Planned: {some_of(told, len(dishes))}." if told else "Nothing is planned then."


GET_RECIPES = ToolSpec(
    get_recipes,
    Arguments,
    Result,
    title="Show recipes, staples and the meal plan",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
