"""The tool `apply_recipe`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists import apply_recipe as recipe_applying
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.recipes.models import LINES_PER_RECIPE
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which recipe, and for how many."""

    recipe: str = Field(description="Name or ref")
    servings: int | None = Field(default=None, description="For how many; as saved if left out")
    exclude: list[str] | None = Field(
        default=None, description="Items of it to leave out, by name", max_length=LINES_PER_RECIPE
    )
    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)


async def apply_recipe(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Puts what a recipe or staples take on a shopping list, scaled to a number of servings. Pieces and packs are
    rounded up; weights and volumes stay as they are. What is on the list already is merged. Items remember their
    recipe."""
    applied = await recipe_applying.apply_recipe(
        tenant, arguments.recipe, arguments.list, arguments.servings, arguments.exclude or ()
    )
    return change_result(applied)


APPLY_RECIPE = ToolSpec(
    apply_recipe,
    Arguments,
    ChangeResult,
    title="Put a recipe on a list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=False, idempotent=False),
)
