"""An item as tools show it."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from app.lists.page import PageRow
from app.mcp.argument_types import as_number


class ItemView(TypedDict):
    """A line on a list. Absent fields are not set. A plain dict, because a page has up to two hundred."""

    ref: str
    name: str
    list: NotRequired[Annotated[str, Field(description="Ref of its list")]]
    quantity: NotRequired[float | int]
    unit: NotRequired[str]
    category: NotRequired[str]
    note: NotRequired[str]
    store: NotRequired[str]
    assignee: NotRequired[str]
    priority: NotRequired[str]
    price: NotRequired[float | int]
    not_before: NotRequired[str]
    repeat_every_days: NotRequired[int]
    checked: NotRequired[Annotated[bool, Field(description="True when bought")]]


def concise(row: PageRow, *, with_list: bool) -> ItemView:
    """What one needs in the shop: name, quantity, note and where to find it."""
    view: ItemView = {"ref": row.ref, "name": row.name}
    if with_list:
        view["list"] = f"L{row.list_no}"
    if (quantity := row.quantity) is not None:
        view["quantity"] = as_number(quantity.shown)
        if quantity.unit is not None:
            view["unit"] = quantity.unit
    if row.category is not None:
        view["category"] = row.category
    if row.note is not None:
        view["note"] = row.note
    if row.store is not None:
        view["store"] = row.store
    if row.assignee is not None:
        view["assignee"] = row.assignee
    if row.priority is not None:
        view["priority"] = row.priority
    if row.checked_at is not None:
        view["checked"] = True
    return view


def full(row: PageRow, *, with_list: bool) -> ItemView:
    """Everything that is kept of an item."""
    view = concise(row, with_list=with_list)
    if row.price is not None:
        view["price"] = as_number(row.price)
    if row.not_before is not None:
        view["not_before"] = row.not_before.isoformat()
    if row.repeat_days is not None:
        view["repeat_every_days"] = row.repeat_days
    return view
