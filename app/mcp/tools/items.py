"""An item as tools show it."""

from pydantic import BaseModel, ConfigDict, Field

from app.lists.model import PageRow
from app.lists.quantities import Quantity
from app.mcp.numbers import as_number


class ItemView(BaseModel):
    """A line on a list. Absent fields are not set."""

    model_config = ConfigDict(frozen=True)

    ref: str
    name: str
    list: str | None = Field(default=None, description="Ref of its list")
    quantity: float | int | None = None
    unit: str | None = None
    category: str | None = None
    note: str | None = None
    store: str | None = None
    assignee: str | None = None
    priority: str | None = None
    price: float | int | None = None
    not_before: str | None = None
    repeat_every_days: int | None = None
    checked: bool | None = Field(default=None, description="True when bought")


def concise(row: PageRow, *, with_list: bool) -> ItemView:
    """What one needs in the shop: name, quantity, note and where to find it."""
    item = row.item
    return ItemView(
        ref=item.ref,
        name=item.name,
        list=f"L{row.list_no}" if with_list else None,
        quantity=shown_number(item.quantity),
        unit=item.quantity.unit if item.quantity is not None else None,
        category=item.category,
        note=item.note,
        store=item.store,
        assignee=row.assignee,
        priority=item.priority,
        checked=True if item.checked_at is not None else None,
    )


def full(row: PageRow, *, with_list: bool) -> ItemView:
    """Everything that is kept of an item."""
    item = row.item
    return concise(row, with_list=with_list).model_copy(
        update={
            "price": as_number(item.price),
            "not_before": item.not_before.isoformat() if item.not_before is not None else None,
            "repeat_every_days": item.repeat_days,
        }
    )


def shown_number(quantity: Quantity | None) -> float | int | None:
    """The amount of a quantity in its unit, as a JSON number."""
    return None if quantity is None else as_number(quantity.shown)
