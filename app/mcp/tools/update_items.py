"""The tool `update_items`."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from app.households.tenant import Tenant
from app.lists.items import update
from app.lists.items.update import Clearable
from app.lists.models import ITEMS_PER_CALL
from app.mcp.argument_types import ListOfNames, Number
from app.mcp.spec import BatchArguments, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class UpdateInput(BaseModel):
    """An item, and what to set or clear of it. Lengths and values are checked item by item."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    item: str = Field(description="Name or ref", examples=["i12"])
    name: str | None = Field(default=None, description="New name")
    quantity: Number | None = Field(default=None, description="Keeps the unit if unit is left out")
    unit: str | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee: str | None = None
    priority: Literal["low", "high"] | None = None
    price: Number | None = None
    not_before: Annotated[date, Strict(False)] | None = None
    repeat_every_days: int | None = None
    clear: list[Clearable] | None = Field(default=None, description="Details to take away", max_length=10)


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
    updates = [_update(each) for each in arguments.items]
    updated = await update.update_items(
        tenant, updates, arguments.list, arguments.if_rev, all_or_nothing=arguments.all_or_nothing
    )
    return change_result(updated)


def _update(given: UpdateInput) -> update.Update:
    values: dict[str, Any] = {**dict(given), "clear": tuple(given.clear or ())}
    return update.Update(**values)


UPDATE_ITEMS = ToolSpec(
    update_items,
    Arguments,
    ChangeResult,
    title="Change items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=True, idempotent=True),
)
