"""The tool `remove_items`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists.items import remove
from app.lists.items.remove import What
from app.mcp.argument_types import ItemNames
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which items."""

    fails_by_entry = True

    items: ItemNames | None = None
    what: What | None = Field(default=None, description="Instead of items: all, or checked: what was bought")
    list: str | None = Field(
        default=None, description="List; default list if left out; with what also *: all lists", max_length=200
    )
    dry_run: bool = Field(default=False, description="Only say what would be removed")


async def remove_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Removes items from a shopping list, or everything that was bought, or clears the list. Bought items that repeat
    are kept by what=checked, so that they can come back. What was bought stays on record. Results show up to 100."""
    removed = await remove.remove_items(
        tenant,
        arguments.items,
        arguments.what,
        arguments.list,
        dry_run=arguments.dry_run,
    )
    return change_result(removed)


REMOVE_ITEMS = ToolSpec(
    remove_items,
    Arguments,
    ChangeResult,
    title="Remove items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=True,
        why="Items are marked as removed; undo brings them back for 400 days.",
    ),
)
