"""The tool `save_plan`."""

from pydantic import BaseModel, ConfigDict, Field

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import save_plan as plan_saving
from app.lists.save_plan import Clearing, NewMeal
from app.mcp.argument_types import Day
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.recipes.models import PLANNED_PER_CALL
from app.scopes import LISTS_WRITE


class EntryInput(BaseModel):
    """A planned meal. Lengths and values are checked entry by entry, so that one fault leaves the others alone."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    date: Day
    recipe: str | None = Field(default=None, description="Name or ref")
    text: str | None = Field(default=None, description="Or words, such as `eating out`")
    servings: int | None = Field(default=None, description="As in the recipe if left out")
    meal: str | None = Field(default=None, description="Such as dinner")


class Arguments(WriteArguments):
    """What is planned, and which days are cleared before."""

    entries: list[EntryInput] | None = Field(
        default=None,
        description="Meals, each with a recipe or text",
        min_length=1,
        max_length=PLANNED_PER_CALL,
        examples=[[{"date": "2026-12-24", "recipe": "Pancakes", "servings": 6, "meal": "dinner"}]],
    )
    clear_from: Day | None = Field(default=None, description="Take off first what is planned from this day on")
    clear_to: Day | None = Field(default=None, description="Last day to clear; only clear_from if left out")
    clear_meal: str | None = Field(default=None, description="Clear only this meal")


async def save_plan(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Plans meals: which recipe, or which words, on which day; apply_recipe with plan_from puts what they take on a
    list, get_recipes with plan_from shows the plan. Adds to what is planned; to replace it, clear its day."""
    entries = [NewMeal(each.date, each.recipe, each.text, each.servings, each.meal) for each in arguments.entries or ()]
    return change_result(await plan_saving.save_plan(tenant, entries, _clearing(arguments)))


def _clearing(arguments: Arguments) -> Clearing | None:
    if arguments.clear_from is not None:
        return Clearing(arguments.clear_from, arguments.clear_to or arguments.clear_from, arguments.clear_meal)
    if arguments.clear_to is not None or arguments.clear_meal is not None:
        raise Invalid("clear_from is missing: it is the first day to clear.", field="clear_from")
    return None


SAVE_PLAN = ToolSpec(
    save_plan,
    Arguments,
    ChangeResult,
    title="Plan meals",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=True,
        why="What is planned already stays as it is; what is cleared is in its event, and undo brings it back.",
    ),
)
