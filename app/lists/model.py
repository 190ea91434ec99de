"""Lists and items as the rest of the service sees them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, Literal
from uuid import UUID

from app.lists.folding import merge_key
from app.lists.quantities import Quantity
from app.text import fold

Priority = Literal["low", "high"]
OnDuplicate = Literal["merge", "separate", "skip"]
View = Literal["open", "checked", "all"]
GroupBy = Literal["none", "category", "store", "assignee", "recipe"]

NAME_LENGTH: Final = 200
NOTE_LENGTH: Final = 2_000
LABEL_LENGTH: Final = 100
ITEMS_PER_CALL: Final = 100
ITEMS_PER_LIST: Final = 10_000
LINES_PER_NAME: Final = 100
LISTS_PER_HOUSEHOLD: Final = 200
GAP_BITS: Final = 20
"""An item appended to a list stands at `no << GAP_BITS`, so appending reads nothing and moves find room between."""


@dataclass(frozen=True, slots=True)
class ShoppingList:
    """A list of a household; `no` is its short ref without the letter."""

    id: UUID
    no: int
    name: str
    rev: int

    @property
    def ref(self) -> str:
        """`L1`: stable for the list's life."""
        return f"L{self.no}"


@dataclass(frozen=True)
class Item:
    """A line on a list. `position` orders it, `variant` tells apart open lines of one name and measure."""

    id: UUID
    no: int
    name: str
    name_key: str
    position: int
    quantity: Quantity | None = None
    note: str | None = None
    variant: int = 0
    category: str | None = None
    store: str | None = None
    assignee_id: UUID | None = None
    priority: Priority | None = None
    price: Decimal | None = None
    not_before: date | None = None
    repeat_days: int | None = None
    checked_at: datetime | None = None
    checked_by: UUID | None = None

    @property
    def ref(self) -> str:
        """`i12`: stable for the item's life."""
        return f"i{self.no}"

    @property
    def measure(self) -> str:
        """What its amount counts; `none` without one."""
        return self.quantity.measure if self.quantity is not None else "none"

    @cached_property
    def note_key(self) -> str:
        """Lines merge only when their notes agree too."""
        return fold(self.note or "")


@dataclass(frozen=True)
class Wanted:
    """One item that a call asks to add, cleaned and parsed."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee_id: UUID | None = None
    priority: Priority | None = None
    price: Decimal | None = None
    not_before: date | None = None
    repeat_days: int | None = None

    @cached_property
    def name_key(self) -> str:
        """The key under which the same thing is found."""
        return merge_key(self.name)

    @cached_property
    def note_key(self) -> str:
        """Lines merge only when their notes agree too."""
        return fold(self.note or "")


@dataclass(frozen=True, slots=True)
class Change:
    """What a call did to one item; `before` is None for a new one."""

    before: Item | None
    after: Item


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry of a call: the item it ended in, and what its quantity was before."""

    status: Literal["added", "merged", "restored", "skipped"]
    item: Item
    was: Quantity | None = None


NoOutcome = Literal["list_full", "too_many_alike", "too_much"]
"""Why a good entry can't be done: no room on the list, too many open lines of its name, a sum beyond counting."""


@dataclass(slots=True)
class Plan:
    """What becomes of each entry, in the order of the call, and the changes to store."""

    outcomes: list[Outcome | NoOutcome] = field(default_factory=list[Outcome | NoOutcome])
    changes: dict[UUID, Change] = field(default_factory=dict[UUID, Change])
