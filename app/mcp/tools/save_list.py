"""The tool `save_list`."""

from typing import Annotated, get_args

from pydantic import Field

from app.households.tenant import Tenant
from app.lists import save_list as list_saving
from app.lists.models import View
from app.lists.save_list import CATEGORIES, ClearableSetting, ListSettings
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE

CategoryNames = Annotated[
    list[str],
    Field(description="Order of categories in group_by=category", min_length=1, max_length=CATEGORIES),
]


class Arguments(WriteArguments):
    """Which list, and its settings."""

    name: str | None = Field(default=None, description="Name of the new list, or new name")
    store: str | None = Field(default=None, description="Where it is shopped for")
    currency: str | None = Field(default=None, description="ISO 4217; the household's if cleared")
    category_order: CategoryNames | None = None
    clear: list[ClearableSetting] | None = Field(
        default=None, description="Settings to clear", max_length=len(get_args(ClearableSetting))
    )
    copy_of: str | None = Field(
        default=None, description="For a new list: the list to copy, settings and items", max_length=200
    )
    copy_view: View | None = Field(default=None, description="Items to copy, to be bought; open if left out")
    archived: bool | None = Field(default=None, description="Put away, or back in use")
    default: bool | None = Field(default=None, description="The list I mean when I name none")
    list: str | None = Field(default=None, description="List to change; a new one if left out", max_length=200)


async def save_list(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Makes a shopping list, also as a copy of another one, or renames, archives or changes one: its store, currency,
    order of categories, and whether it is the default list."""
    settings = ListSettings(
        name=arguments.name,
        store=arguments.store,
        currency=arguments.currency,
        category_order=arguments.category_order,
        clear=arguments.clear or (),
        archived=arguments.archived,
        default=arguments.default,
    )
    return change_result(
        await list_saving.save_list(
            tenant, arguments.list, settings, copy_of=arguments.copy_of, view=arguments.copy_view
        )
    )


SAVE_LIST = ToolSpec(
    save_list,
    Arguments,
    ChangeResult,
    title="Make or change a list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="Old settings are in its event; without `list` each call makes another list.",
    ),
)
