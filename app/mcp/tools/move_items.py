"""The tool `move_items`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists.items import move
from app.lists.items.move import Destination
from app.lists.items.ordering import End
from app.mcp.argument_types import ItemNames, ListOfNames
from app.mcp.spec import BatchArguments, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class Arguments(BatchArguments):
    """Which items, and where to."""

    items: ItemNames
    to_list: str | None = Field(default=None, description="List to move to; same list if left out", max_length=200)
    to: End | None = Field(default=None, description="Bottom if only to_list is given")
    before: str | None = Field(default=None, description="Item to put them before, instead of `to`")
    list: ListOfNames = None


async def move_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Moves items to another list, to the top or bottom of a list, or before another item, keeping the order in which
    they are named. On another list they are added beside lines of the same name."""
    destination = Destination(arguments.to_list, arguments.to, arguments.before)
    moved = await move.move_items(
        tenant, arguments.items, arguments.list, destination, all_or_nothing=arguments.all_or_nothing
    )
    return change_result(moved)


MOVE_ITEMS = ToolSpec(
    move_items,
    Arguments,
    ChangeResult,
    title="Move items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=False, idempotent=True),
)
