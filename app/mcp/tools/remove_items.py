"""The tool `remove_items`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists.items import remove
from app.lists.items.remove import What
from app.mcp.argument_types import ItemNames, ListOfNames
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which items."""

    items: ItemNames | None = None
    what: What | None = Field(default=None, description="checked: what was bought, instead of items")
    list: ListOfNames = None
    dry_run: bool = Field(default=False, description="Only say what would be removed")


async def remove_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Removes items from a shopping list, or everything that was bought. Bought items that repeat are kept by
    what=checked, so that they can come back. What was bought stays on record. Results show up to 100."""
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
    hints=Hints(read_only=False, destructive=True, idempotent=True),
)
