"""The tool `apply_recipe`."""

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import apply_plan as plan_applying
from app.lists import apply_recipe as recipe_applying
from app.mcp.argument_types import Day
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.recipes import plan_days
from app.recipes.models import LINES_PER_RECIPE
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which recipe, and for how many."""

    recipe: str | None = Field(default=None, description="Name or ref")
    plan_from: Day | None = Field(default=None, description="Or all recipes planned from this day on")
    plan_to: Day | None = Field(default=None, description="Last day of the plan; only plan_from if left out")
    servings: int | None = Field(default=None, description="For how many; as planned or saved if left out")
    exclude: list[str] | None = Field(
        default=None, description="Items of it to leave out, by name", max_length=LINES_PER_RECIPE
    )
    include_pantry: bool = Field(default=False, description="Of a plan, also what is probably at home")
    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)


async def apply_recipe(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Puts what a recipe or staples take on a shopping list, or what the recipes of some days of the meal plan take but
    for what is probably at home, scaled to a number of servings. Pieces and packs are rounded up; weights and volumes
    stay as they are. What is on the list already is merged. Items remember their recipe."""
    on, servings, exclude = arguments.list, arguments.servings, arguments.exclude or ()
    days = plan_days(arguments.plan_from, arguments.plan_to)
    if (arguments.recipe is None) == (days is None):
        raise Invalid("recipe or plan_from: name a recipe, or the days of the plan.", field="recipe")
    if days is not None:
        applied = await plan_applying.apply_plan(
            tenant, *days, on, servings, exclude, include_pantry=arguments.include_pantry
        )
    else:
        applied = await recipe_applying.apply_recipe(tenant, arguments.recipe or "", on, servings, exclude)
    return change_result(applied)


APPLY_RECIPE = ToolSpec(
    apply_recipe,
    Arguments,
    ChangeResult,
    title="Put a recipe on a list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="It only adds, and undo removes what it added; a second call adds again, unless it has the same "
        "`idempotency_key`.",
    ),
)
