"""The tool `add_items`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from app.households.tenant import Tenant
from app.lists.items import add
from app.lists.models import ITEMS_PER_CALL, OnDuplicate
from app.mcp.argument_types import Number
from app.mcp.spec import BatchArguments, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class ItemInput(BaseModel):
    """An item in its parts. Lengths and values are checked item by item, so that one fault leaves the others alone."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(description="1 to 200 characters", examples=["flour"])
    quantity: Number | None = Field(default=None, description="Above 0", examples=[2])
    unit: str | None = Field(default=None, description="Pieces if left out", examples=["kg"])
    note: str | None = Field(default=None, description="Up to 2,000 characters", examples=["lactose free"])
    category: str | None = Field(default=None, examples=["Baking"])
    store: str | None = None
    assignee: str | None = Field(default=None, description="A member's name")
    priority: Literal["low", "high"] | None = None
    price: Number | None = Field(default=None, description="In the list's currency")
    not_before: Annotated[date, Strict(False)] | None = Field(default=None, examples=["2026-12-24"])
    repeat_every_days: int | None = Field(default=None, description="1 to 3650")


class Arguments(BatchArguments):
    """What to add, and where."""

    items: list[str | ItemInput] = Field(
        description="One entry a thing: a text such as `2 kg flour`, or an object",
        min_length=1,
        max_length=ITEMS_PER_CALL,
        examples=[["milk", "2 kg flour", "milk (lactose free)"]],
    )
    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)
    on_duplicate: OnDuplicate = Field(default="merge", description="merge: add to the open line of that name")


async def add_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Adds items to a shopping list. Reads quantities in texts such as `2 kg flour`, `3x milk` or `milk (lactose
    free)`. An item that is already on the list is merged: 500 g and 1 kg become 1.5 kg. An item that can't be added is
    reported, and the others are added."""
    entries = [entry if isinstance(entry, str) else add.NewItem(**dict(entry)) for entry in arguments.items]
    added = await add.add_items(
        tenant, entries, arguments.list, arguments.on_duplicate, all_or_nothing=arguments.all_or_nothing
    )
    return change_result(added)


ADD_ITEMS = ToolSpec(
    add_items,
    Arguments,
    ChangeResult,
    title="Add to a shopping list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=False, idempotent=False),
)
