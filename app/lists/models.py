"""Lists, purchases, and what calls did, as the rest of the service sees them; items are in `items/fields.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from app.errors import AppError
from app.lists.items.fields import Item
from app.quantities import Quantity

OnDuplicate = Literal["merge", "separate", "skip"]
View = Literal["open", "checked", "all"]
GroupBy = Literal["none", "category", "store", "assignee"]

ITEMS_PER_CALL: Final = 100
ITEMS_PER_LIST: Final = 10_000
LINES_PER_NAME: Final = 100
LINES_LOOKED_AT: Final = 2 * LINES_PER_NAME
"""The most lines of one name, open and bought, that a call looks at: all open ones, and those bought last."""

LINES_PER_CALL: Final = 2_000
"""The most lines with the names of one call."""

LISTS_PER_HOUSEHOLD: Final = 200
GAP_BITS: Final = 20
"""An item appended to a list stands at `no << GAP_BITS`: appending reads nothing, and moves find room in between."""


def event_ref(no: int) -> str:
    """Return the ref of an event by its number: `e57`, the `undo_ref` of the call that it records."""
    return f"e{no}"


def event_no_of(ref: str) -> int:
    """Return the number of an event by a ref that `event_ref` made."""
    return int(ref.removeprefix("e"))


@dataclass(frozen=True, slots=True)
class ShoppingList:
    """A list of a household; `no` is its short ref without the letter.

    The counts are those of the moment when it was read; `waiting_items` are open items for a day that has not come.
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
        """How many more items it can hold."""
        return max(ITEMS_PER_LIST - self.open_items - self.checked_items, 0)

    @property
    def ref(self) -> str:
        """`L1`: stable for the list's life."""
        return f"L{self.no}"


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
    "would_update",
    "would_move",
    "kept",
    "created",
    "deleted",
    "undone",
    "unchanged",
]


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry of a call that can't be used as it was sent, in the place of what it should have been."""

    name: str
    refusal: AppError


def name_of(entry: str | RefusedEntry) -> str:
    """Return the text by which an entry is told apart from the others."""
    return entry if isinstance(entry, str) else entry.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry of a call: the item that it ended in, and the item's quantity before.

    `conflict` says which part of the entry was not done.
    """

    status: Status
    item: Item
    previous: Quantity | None = None
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What became of a list."""

    status: Status
    list: ShoppingList
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One entry of a call as it was sent, and what became of it.

    For one that failed, `ref` is the item that was meant, where that is known, and `current` has the values that
    conflict with it.
    """

    name: str
    result: Outcome | ListOutcome | AppError
    ref: str | None = None
    current: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What a call did: the lists that it was about, the revision that its caller has seen, and an entry for each thing.

    `event_no` is the event that recorded it, None when nothing was stored.
    """

    lists: Sequence[ShoppingList]
    rev: int
    entries: Sequence[ItemResult]
    event_no: int | None
