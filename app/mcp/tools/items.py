"""An item as tools take and show it. `tests/lists/test_fields.py` holds it to the table of an item's fields."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Final, Literal, NotRequired, cast, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, Strict
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from app.lists.items.fields import DETAILS, PageRow, Priority
from app.lists.provenance_repository import Provenance
from app.mcp.argument_types import Number, as_number
from app.mcp.prose import shown_amount
from app.quantities import Quantity

Clearable = Literal[
    "quantity",
    "unit",
    "note",
    "category",
    "store",
    "assignee",
    "priority",
    "price",
    "not_before",
    "repeat_every_days",
    "recipe",
]
BulkClearable = Literal["note", "category", "store", "assignee", "priority", "price", "not_before", "repeat_every_days"]
"""What may be taken away from all items of a kind at once: nothing that tells lines apart."""

Detail = Literal["concise", "full"]


class ItemInput(BaseModel):
    """An item in its parts. Lengths and values are checked item by item, so that one fault leaves the others alone."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(description="1 to 200 characters")
    quantity: Number | None = Field(default=None, description="Above 0")
    unit: str | None = Field(default=None, description="Pieces if left out")
    note: str | None = Field(default=None, description="Up to 2,000 characters")
    category: str | None = None
    store: str | None = None
    assignee: str | None = Field(default=None, description="A member, or me")
    priority: Priority | None = None
    price: Number | None = Field(default=None, description="Of the whole line, in the list's currency")
    not_before: Annotated[date, Strict(False)] | None = None
    repeat_every_days: int | None = Field(default=None, description="1 to 3650")


class UpdateInput(BaseModel):
    """An item, and what to set or clear of it. Lengths and values are checked item by item."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    item: str = Field(description="Name or ref")
    name: str | None = Field(default=None, description="New name")
    quantity: Number | None = Field(default=None, description="Keeps the unit if unit is left out")
    quantity_delta: Number | None = Field(default=None, description="More, or less if negative")
    unit: str | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee: str | None = None
    priority: Priority | None = None
    price: Number | None = None
    not_before: Annotated[date, Strict(False)] | None = None
    repeat_every_days: int | None = None
    clear: list[Clearable] | None = Field(
        default=None, description="Details to clear", max_length=len(get_args(Clearable))
    )


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
    recipe: NotRequired[str]
    checked: NotRequired[Annotated[bool, Field(description="True when bought")]]
    added_by: NotRequired[str]
    bought_at: NotRequired[str]
    bought_by: NotRequired[str]
    due: NotRequired[Annotated[str, Field(description="Day it comes back")]]


_SHOWN: Final = {
    detail: tuple(each.word for each in DETAILS if each.name != "quantity" and detail in ("full", each.shown))
    for detail in ("concise", "full")
}
"""The fields that each `detail` shows, beside quantity, list and state."""

_VALUES: Final = {detail: attrgetter(*fields) for detail, fields in _SHOWN.items()}


@lru_cache(4096)
def _shown_quantity(measure: str, amount: Decimal, unit: str | None) -> tuple[float | int, str | None, str]:
    """Return an amount as a number, its unit as it stands beside that, and both as text. Few are in use, and they are
    the same to everyone."""
    quantity = Quantity(measure, amount, unit)
    return as_number(quantity.shown), quantity.unit_word, str(quantity)


def row_in_words(row: PageRow) -> str:
    """Return an item as it stands in a sentence: `2 kg flour`."""
    amount = None if row.amount is None else _shown_quantity(row.measure, row.amount, row.unit)[2]
    return shown_amount(amount, row.name)


def item_views(
    rows: Sequence[PageRow],
    detail: Detail,
    *,
    with_list: bool,
    provenance: Mapping[int, Provenance] | None = None,
    zone: ZoneInfo | None = None,
) -> list[ItemView]:
    """Return items as results: what one needs in the shop, or with `full` everything that is set and, in that time
    zone, where it comes from."""
    fields, values_of = _SHOWN[detail], _VALUES[detail]
    views: list[ItemView] = []
    for row in rows:
        view: dict[str, object] = {"ref": f"i{row.no}"}
        if with_list:
            view["list"] = f"L{row.list_no}"
        if row.amount is not None:
            view["quantity"], unit, _ = _shown_quantity(row.measure, row.amount, row.unit)
            if unit is not None:
                view["unit"] = unit
        for field, value in zip(fields, values_of(row), strict=True):
            if value is None:
                continue
            if isinstance(value, Decimal):
                view[field] = as_number(value)
            elif isinstance(value, date):
                view[field] = value.isoformat()
            else:
                view[field] = value
        if row.checked_at is not None:
            view["checked"] = True
        if provenance is not None and row.no in provenance:
            view |= _provenance_view(provenance[row.no], zone)
        views.append(cast("ItemView", view))
    return views


def _provenance_view(found: Provenance, zone: ZoneInfo | None) -> dict[str, object]:
    values = {
        "added_by": found.added_by,
        "bought_at": None
        if found.bought_at is None
        else found.bought_at.astimezone(zone).isoformat(timespec="minutes"),
        "bought_by": found.bought_by,
        "due": None if found.due is None else found.due.isoformat(),
    }
    return {name: value for name, value in values.items() if value is not None}
