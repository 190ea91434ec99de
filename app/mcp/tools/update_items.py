"""The tool `update_items`."""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import update
from app.lists.models import ITEMS_PER_CALL
from app.mcp.argument_types import ListOfNames
from app.mcp.spec import Answer, BatchArguments, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.items import UpdateInput
from app.scopes import LISTS_WRITE


class Arguments(BatchArguments):
    """What to change."""

    items: list[UpdateInput] = Field(
        description="An item each, with the details to set; the rest stays",
        min_length=1,
        max_length=ITEMS_PER_CALL,
        examples=[[{"item": "milk", "quantity": 2, "clear": ["note"]}]],
    )
    if_rev: int | None = Field(
        default=None, description="Rev you saw; items changed since are left alone", ge=0, le=2**63 - 1
    )
    list: ListOfNames = None


async def update_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Overwrites details of items on a shopping list, such as quantity, name, note or store, or clears them. With
    if_rev, an item that someone changed meanwhile fails as a conflict and shows its current values."""
    updated = await update.update_items(
        tenant, _updates(arguments), arguments.list, arguments.if_rev, all_or_nothing=arguments.all_or_nothing
    )
    return change_result(updated)


async def _update_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[ChangeResult], Answer]
) -> Answer | None:
    return await update.update_item_alone(
        household,
        _updates(arguments),
        arguments.list,
        arguments.if_rev,
        lambda updated: answer(change_result(updated)),
    )


def _updates(arguments: Arguments) -> list[update.Update]:
    updates: list[update.Update] = []
    for each in arguments.items:
        values: dict[str, Any] = {**dict(each), "clear": each.clear or ()}
        updates.append(update.Update(**values))
    return updates


UPDATE_ITEMS = ToolSpec(
    update_items,
    Arguments,
    ChangeResult,
    alone=_update_items_alone,
    title="Change items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=True, idempotent=True),
)
