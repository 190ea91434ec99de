"""The tool `delete_list`."""

from typing import Final

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import save_list
from app.mcp.elicitation import Confirmation
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE
from app.text import printable


class Arguments(WriteArguments):
    """Which list, said twice."""

    list: str = Field(description="List name or ref", max_length=200)
    confirm_name: str | None = Field(
        default=None, description="Its full name, once more; not needed if the host can ask the person", max_length=400
    )


class Result(ChangeResult):
    """What was deleted."""

    items: int = Field(description="How many were on it")

    def in_words(self) -> str:
        """What was deleted, and how much was on it."""
        return f"{super().in_words()} {items_on_it(self.items)} went with it."


async def delete_list(tenant: Tenant, arguments: Arguments) -> Result:
    """Deletes a shopping list with everything on it. Where the host can ask, the person confirms it. To put a list away
    for a while, save_list archives it; undo brings a deleted list back."""
    if arguments.confirm_name is None:
        raise Invalid("confirm_name is missing.", field="confirm_name")
    deleted = await save_list.delete_list(tenant, arguments.list, arguments.confirm_name)
    number = sum(each.open_items + each.checked_items for each in deleted.lists)
    return Result(**dict(change_result(deleted)), items=number)


def items_on_it(number: int) -> str:
    """Return so many items in words."""
    return "Nothing" if number == 0 else "One item" if number == 1 else f"{number:,} items"


MOST_OF_NAME: Final = 80
"""Characters of the name in the question: a name must not be able to write the question itself."""


async def confirm(tenant: Tenant, arguments: Arguments) -> Confirmation:
    """Return the question whether to delete the list. Yes means the list of this ref, as long as it has this name.

    Raises what `delete_list` would raise.
    """
    found = await save_list.find_list_to_delete(tenant, arguments.list, arguments.confirm_name)
    number = found.open_items + found.checked_items
    on_it = items_on_it(number).lower()
    return Confirmation(
        f"Delete a list with {on_it} on it? Its name: {printable(found.name, MOST_OF_NAME)}",
        f"Delete {found.name}",
        {"list": found.ref, "confirm_name": found.name},
    )


DELETE_LIST = ToolSpec(
    delete_list,
    Arguments,
    Result,
    confirm=confirm,
    title="Delete a list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="The list is marked as deleted; undo brings it back with everything on it, for 400 days. A second "
        "call finds no list.",
    ),
)
