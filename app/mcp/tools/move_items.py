"""The tool `move_items`."""

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists.items import move, sort
from app.lists.items.move import Destination
from app.lists.items.ordering import End
from app.lists.items.sort import SortBy
from app.mcp.argument_types import ItemNames
from app.mcp.spec import Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.filter_arguments import FilterArguments, ListOfItems
from app.scopes import LISTS_WRITE


class Arguments(FilterArguments):
    """Which items, and where to."""

    fails_by_entry = True

    items: ItemNames | None = None
    to_list: str | None = Field(default=None, description="Other list", max_length=200)
    to: End | None = Field(default=None, description="Bottom if only to_list is given")
    before: str | None = Field(default=None, description="Item to put them before, instead of `to`")
    sort: SortBy | None = Field(default=None, description="Sort the list instead of moving items")
    list: ListOfItems = None


async def move_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Moves items to another list, to the top or bottom, or before another item, in the order in which they are named;
    with where_ or view every match (open ones by default). On another list they stay lines of their own. Or sorts a
    whole list for good. Shows up to 100 results."""
    destination = Destination(arguments.to_list, arguments.to, arguments.before)
    by = arguments.item_filter()
    if arguments.sort is not None:
        if arguments.items is not None or by or destination != Destination():
            raise Invalid("sort orders a whole list; leave items, where_, view and the destination out.", field="sort")
        return change_result(await sort.sort_items(tenant, arguments.list, arguments.sort, dry_run=arguments.dry_run))
    moved = await move.move_items(
        tenant,
        arguments.items,
        arguments.list,
        destination,
        by=by,
        dry_run=arguments.dry_run,
    )
    return change_result(moved)


MOVE_ITEMS = ToolSpec(
    move_items,
    Arguments,
    ChangeResult,
    title="Move items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=True,
        why="It changes places, and undo restores them.",
    ),
)
