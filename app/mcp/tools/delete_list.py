"""The tool `delete_list`."""

from typing import Final

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import save_list
from app.mcp.elicitation import Confirmation
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import HOUSEHOLD_MANAGE
from app.text import printable


class Arguments(WriteArguments):
    """Which list, said twice."""

    list: str = Field(description="List name or ref", max_length=200)
    confirm_name: str | None = Field(
        default=None, description="Its full name, once more; not needed if the host can ask the person", max_length=400
    )


async def delete_list(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Deletes a shopping list with everything on it. Where the host can ask, the person confirms it. To put a list away
    for a while, save_list archives it; undo brings a deleted list back."""
    if arguments.confirm_name is None:
        raise Invalid("confirm_name is missing.", field="confirm_name")
    return change_result(await save_list.delete_list(tenant, arguments.list, arguments.confirm_name))


MOST_OF_NAME: Final = 80
"""Characters of the name in the question: a name must not be able to write the question itself."""


async def confirm(tenant: Tenant, arguments: Arguments) -> Confirmation:
    """Return the question whether to delete the list. Yes means the list of this ref, as long as it has this name.

    Raises what `delete_list` would raise.
    """
    found = await save_list.find_list_to_delete(tenant, arguments.list, arguments.confirm_name)
    number = found.open_items + found.checked_items
    on_it = "nothing on it" if number == 0 else "one item on it" if number == 1 else f"{number:,} items on it"
    return Confirmation(
        f"Delete a list with {on_it}? Its name: {printable(found.name, MOST_OF_NAME)}",
        f"Delete {found.name}",
        {"list": found.ref, "confirm_name": found.name},
    )


DELETE_LIST = ToolSpec(
    delete_list,
    Arguments,
    ChangeResult,
    confirm=confirm,
    title="Delete a list",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(read_only=False, destructive=True, idempotent=False),
)
