"""The tool `check_items`."""

from collections.abc import Callable

from pydantic import Field

from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import check
from app.mcp.argument_types import ItemNames, ListOfNames
from app.mcp.spec import Answer, Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which items, and whether they are bought."""

    fails_by_entry = True

    items: ItemNames
    checked: bool = Field(default=True, description="false: not bought after all")
    store: str | None = Field(default=None, description="Where; the item's or list's store if left out", max_length=400)
    list: ListOfNames = None


async def check_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Marks items as bought, or as not bought after all. What was bought stays on record with store and price, and
    repeating items come back when they are due."""
    checked = await check.check_items(
        tenant,
        arguments.items,
        arguments.list,
        checked=arguments.checked,
        store=arguments.store,
    )
    return change_result(checked)


async def _check_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[ChangeResult], Answer]
) -> Answer | None:
    return await check.check_item_alone(
        household,
        arguments.items,
        arguments.list,
        checked=arguments.checked,
        store=arguments.store,
        answer=lambda checked: answer(change_result(checked)),
    )


CHECK_ITEMS = ToolSpec(
    check_items,
    Arguments,
    ChangeResult,
    alone=_check_items_alone,
    title="Check items off",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=True,
        why="What was bought can be unchecked; items that are checked stay so.",
    ),
)
