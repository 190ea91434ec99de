"""Lists and items as the rest of the service sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, Literal
from uuid import UUID

from app.errors import AppError
from app.quantities import Quantity
from app.quantities.merge_key import merge_key
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
    """A list of a household; `no` is its short ref without the letter.

    It had `open_items` and `checked_items` when it was read; `waiting_items` of the open ones wait for a day that is to
    come.
    """

    id: UUID
    no: int
    name: str
    rev: int
    store: str | None = None
    currency: str | None = None
    category_order: tuple[str, ...] = ()
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    open_items: int = field(default=0, compare=False)
    checked_items: int = field(default=0, compare=False)
    waiting_items: int = field(default=0, compare=False)

    @property
    def room(self) -> int:
        """How many more items it may hold."""
        return max(ITEMS_PER_LIST - self.open_items - self.checked_items, 0)

    @property
    def ref(self) -> str:
        """`L1`: stable for the list's life."""
        return f"L{self.no}"


@dataclass(frozen=True)
class Item:
    """A line on a list. `position` orders it, `variant` tells apart open lines of one name and measure.

    `rev` is the revision of its last stored change, 0 for an item that is not stored yet.
    """

    id: UUID
    no: int
    list_id: UUID
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
    deleted_at: datetime | None = None
    rev: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is still to be bought."""
        return self.checked_at is None and self.deleted_at is None

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
class ParsedItem:
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
class Purchase:
    """A thing that was bought: the item as it was when it was checked off.

    `place` is how many things went into the trolley before it, on that trip to that store; None without a store.
    """

    id: UUID
    item_id: UUID
    name: str
    name_key: str
    quantity: Quantity | None
    price: Decimal | None
    currency: str
    store: str | None
    bought_at: datetime
    bought_by: UUID
    place: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a call did to one item; `before` is None for a new one.

    `bought` is the purchase that the change recorded, `unbought` the one that it took back.
    """

    before: Item | None
    after: Item
    bought: Purchase | None = None
    unbought: Purchase | None = None


Status = Literal[
    "added",
    "merged",
    "restored",
    "skipped",
    "updated",
    "checked",
    "unchecked",
    "moved",
    "removed",
    "would_remove",
    "kept",
    "created",
    "deleted",
    "undone",
    "unchanged",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry of a call: the item it ended in, and what its quantity was before.

    `left_alone` says what of it was not done.
    """

    status: Status
    item: Item
    was: Quantity | None = None
    left_alone: AppError | None = None


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What became of a list."""

    status: Status
    list: ShoppingList
    left_alone: AppError | None = None


NoOutcome = Literal["list_full", "too_many_alike", "too_much"]
"""Why a good entry can't be done: no room on the list, too many open lines of its name, a sum beyond counting."""


@dataclass(slots=True)
class Plan:
    """What becomes of each entry, in the order of the call, and the changes to store."""

    outcomes: list[Outcome | NoOutcome] = field(default_factory=list[Outcome | NoOutcome])
    changes: dict[UUID, Change] = field(default_factory=dict[UUID, Change])


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One entry of a call as it was sent, and what became of it.

    For one that failed, `ref` is the item that was meant, where that is known, and `current` the values that stood
    in the way.
    """

    name: str
    result: Outcome | ListOutcome | AppError
    ref: str | None = None
    current: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What a call did: `lists` are the ones it was about, `event_no` is there when anything was stored."""

    lists: Sequence[ShoppingList]
    rev: int
    entries: Sequence[ItemResult]
    event_no: int | None
