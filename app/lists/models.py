"""Lists, purchases, and what calls did, as the rest of the service sees them; items are in `items/fields.py`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from app.errors import AppError
from app.lists.items.fields import Item
from app.lists.pantry.holdings import Holding
from app.quantities import Quantity
from app.recipes.models import PlannedDish, PlannedMeal, Recipe
from app.records import record

OnDuplicate = Literal["merge", "separate", "skip", "convert"]
"""What becomes of a thing that is on the list already. `convert` merges, and of common foods also cups with grams."""

View = Literal["open", "checked", "waiting", "all"]
"""Which items: to buy now, bought, to buy on a day that has not come, or all of these."""
Missing = Literal["store", "category", "assignee", "price"]
GroupBy = Literal["none", "category", "store", "assignee", "recipe"]
Order = GroupBy | Literal["own"]
"""What comes first in the order of a page: `own` is the list's order of categories where it has one, else its order of
items, which `none` is."""


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


_EVENT_REF: Final = re.compile(r"[Ee](\d{1,9})")


def event_ref(no: int) -> str:
    """Return the ref of an event by its number: `e57`, the `undo_ref` of the call that it records."""
    return f"e{no}"


def event_number(ref: str) -> int | None:
    """Return the number of a text that may be an event's ref; None for any other text."""
    found = _EVENT_REF.fullmatch(ref.strip())
    return None if found is None else int(found[1])


def event_range(first: int | None, last: int | None) -> str | None:
    """Return the ref of one event, or of all from one to another: `e57`, `e57-e60`; None for none."""
    if last is None:
        return None
    return event_ref(last) if first is None or first == last else f"{event_ref(first)}-{event_ref(last)}"


def event_numbers(refs: str) -> range:
    """Return the numbers of the events that `event_range` refers to; empty for any other text."""
    first, dash, last = refs.partition("-")
    start = event_number(first)
    end = event_number(last) if dash else start
    return range(0) if start is None or end is None else range(start, end + 1)


@record()
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


@record()
class Purchase:
    """A thing that was bought: the item as it was when it was checked off, or a line of a receipt without an item.

    `place` is how many things went into the trolley before it, on that trip to that store; None without a store.
    `paid_by` is None where whoever bought it paid.
    """

    id: UUID
    item_id: UUID | None
    name: str
    name_key: str
    quantity: Quantity | None
    price: Decimal | None
    currency: str
    store: str | None
    bought_at: datetime
    bought_by: UUID
    place: Decimal | None = None
    category: str | None = None
    paid_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Money that one member gave another, so that they owe less."""

    id: UUID
    payer: UUID
    payee: UUID
    amount: Decimal
    currency: str
    paid_at: datetime

    @property
    def in_words(self) -> str:
        """`20.00 EUR`."""
        return f"{self.amount:.2f} {self.currency}"


@record()
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
    "planned",
    "undone",
    "unchanged",
    "recorded",
    "would_check",
    "would_record",
    "settled",
    "would_settle",
]


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry of a call that can't be used as it was sent, in the place of what it should have been."""

    name: str
    refusal: AppError


def name_of(entry: str | RefusedEntry) -> str:
    """Return the text by which an entry is told apart from the others."""
    return entry if isinstance(entry, str) else entry.name


@record()
class Outcome:
    """What became of one entry of a call: the item that it ended in, and what that was before; None for a new one, and
    where nothing of it changed.

    `conflict` says which part of the entry was not done, `bought` the purchase that it recorded, and `comes_back` the
    day on which an item that repeats will be open again. `similar` are open
    lines of the same name that a new one stands beside, because they count in another unit or wait for a day.
    """

    status: Status
    item: Item
    before: Item | None = None
    conflict: AppError | None = None
    bought: Purchase | None = None
    comes_back: date | None = None
    similar: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What became of a list, which was `before`; None for a new one, and where nothing of it changed."""

    status: Status
    list: ShoppingList
    conflict: AppError | None = None
    before: ShoppingList | None = None


@dataclass(frozen=True, slots=True)
class RecipeOutcome:
    """What became of a recipe."""

    status: Status
    recipe: Recipe
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOutcome:
    """What became of a purchase that stands for no item; `similar` are items that may have been meant."""

    status: Status
    purchase: Purchase
    conflict: AppError | None = None
    similar: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SettlementOutcome:
    """What became of money that was given to settle a debt."""

    status: Status
    settlement: Settlement
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class PantryOutcome:
    """What became of what was said about a thing in the pantry."""

    status: Status
    name: str
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What became of a planned meal; `before` is what it was, where that is told."""

    status: Status
    dish: PlannedDish
    before: PlannedMeal | None = None
    conflict: AppError | None = None


@dataclass(frozen=True, slots=True)
class NotListed:
    """What stays off the list, and why: words of the plan, or a thing that is probably at home, with its `holding`."""

    status: Literal["not_listed", "at_home"]
    name: str
    why: str
    quantity: Quantity | None = None
    conflict: AppError | None = None
    holding: Holding | None = None


@record()
class ItemResult:
    """One entry of a call as it was sent, and what became of it.

    For one that failed, `ref` is the item that was meant, where that is known, and `current` has the values that
    conflict with it.
    """

    name: str
    result: (
        Outcome
        | ListOutcome
        | RecipeOutcome
        | PlanOutcome
        | PantryOutcome
        | PurchaseOutcome
        | SettlementOutcome
        | NotListed
        | AppError
    )
    ref: str | None = None
    current: Mapping[str, str] | None = None


@record()
class Changed:
    """What a call did: the lists that it was about, the revision that its caller has seen, and an entry for each thing.

    `names` are those of the members that items were or are assigned to.

    `event_no` is the event that recorded it, None when nothing was stored. A call that undoes several has an event for
    each, from `first_event_no` on.
    """

    lists: Sequence[ShoppingList]
    rev: int
    entries: Sequence[ItemResult]
    event_no: int | None
    first_event_no: int | None = None
    names: Mapping[UUID, str] = field(default_factory=dict[UUID, str])

    @property
    def undo_ref(self) -> str | None:
        """What undoes it."""
        return event_range(self.first_event_no, self.event_no)
