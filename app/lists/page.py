"""A row of a page: what is shown of an item, and where it stands."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from app.lists.models import Priority
from app.quantities import Quantity

Place = tuple[int, bool, bool, str, int, int]
"""Where a row stands in the order of a page: list number, checked, without a group, group, position, item number."""


class PageRow(NamedTuple):
    """An item of a page. A tuple in the order of `PAGE_COLUMNS`: a page has many, and most of them are only shown."""

    no: int
    name: str
    measure: str
    amount: Decimal | None
    unit: str | None
    note: str | None
    category: str | None
    store: str | None
    assignee: str | None
    priority: Priority | None
    price: Decimal | None
    not_before: date | None
    repeat_days: int | None
    checked_at: datetime | None
    position: int
    list_no: int
    in_view: bool
    group: str | None

    @property
    def ref(self) -> str:
        """`i12`: stable for the item's life."""
        return f"i{self.no}"

    @property
    def quantity(self) -> Quantity | None:
        """How much of it."""
        return None if self.amount is None else Quantity(self.measure, self.amount, self.unit)

    @property
    def place(self) -> Place:
        """Where it stands."""
        is_checked = self.checked_at is not None
        return (self.list_no, is_checked, self.group is None, self.group or "", self.position, self.no)


PAGE_COLUMNS: Final = (
    "items.no",
    "items.name",
    "items.measure",
    "items.amount",
    "items.unit",
    "items.note",
    "items.category",
    "items.store",
    "people.name",
    "items.priority",
    "items.price",
    "items.not_before",
    "items.repeat_days",
    "items.checked_at",
    "items.position",
    "lists.no",
)
"""All of a row but its view and its group, which depend on the question."""
