"""An item: the one table of its fields, and the records that have them.

The SQL column lists, history, export and results are made from `FIELDS`. The dataclasses here and the arguments and
results of tools (`app/mcp/tools/items.py`) name the fields again, for readers and the type checker;
`tests/lists/test_fields.py` holds them to the table. `docs/architecture.md` shows how a field is added.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from app.errors import Invalid
from app.households.finding import named_member
from app.households.models import Member, Membership
from app.quantities import Quantity, make_quantity
from app.quantities.merge_key import merge_key
from app.quantities.prices import to_cents
from app.records import record
from app.runtime.batches import map_texts
from app.text import clean, fold

Priority = Literal["low", "high"]

NAME_LENGTH: Final = 200
NOTE_LENGTH: Final = 2_000
LABEL_LENGTH: Final = 100
LARGEST_PRICE: Final = Decimal("9999999999")
LONGEST_REPETITION: Final = 3650


def parse_name(text: str, field: str) -> str:
    """Return a clean name. Raises `Invalid`, naming `field`, as the other parsers do."""
    return clean(text, field, NAME_LENGTH)


def parse_note(text: str, field: str) -> str:
    """Return a clean note, which may have several lines."""
    return clean(text, field, NOTE_LENGTH, multiline=True)


def parse_label(text: str, field: str) -> str:
    """Return a clean category, store or unit."""
    return clean(text, field, LABEL_LENGTH)


def parse_price(amount: Decimal, field: str) -> Decimal:
    """Return a price in whole cents. Raises `Invalid` for one out of bounds."""
    if not amount.is_finite() or not 0 <= amount <= LARGEST_PRICE:
        raise Invalid(f"{field} must be between 0 and {LARGEST_PRICE:,}.", field=field)
    return to_cents(amount)


def parse_repetition(days: int, field: str) -> int:
    """Return the number of days after which an item comes back."""
    if not 1 <= days <= LONGEST_REPETITION:
        raise Invalid(f"{field} must be between 1 and {LONGEST_REPETITION} days.", field=field)
    return days


def due_day(bought_at: datetime, repeat_days: int | None, membership: Membership) -> date | None:
    """Return the day, in the household's time zone, on which an item comes back; None if it doesn't repeat."""
    return None if repeat_days is None else membership.day_of(bought_at) + timedelta(days=repeat_days)


def parse_quantity(number: Decimal, unit: str | None, field: str) -> Quantity:
    """Return so many units, or pieces without a unit."""
    quantity = make_quantity(number, unit)
    if quantity is None:
        raise Invalid(f"{field} must be above 0 and at most 100 billion.", field=field)
    return quantity


def parse_assignee(name: str, field: str, members: Sequence[Member]) -> UUID:
    """Return the member that a name means. Raises `NotFound` and `Ambiguous` with members as candidates."""
    return named_member(members, name, field).person_id


@dataclass(frozen=True, slots=True)
class ItemField:
    """One field of an item, kept by the service itself unless it is a `Detail`."""

    name: str
    """The attribute of `Item`, whose annotation is its type."""
    columns: Mapping[str, str]
    """Its columns and their SQL types."""
    label: str = ""
    """What people and tools call it; the name if left out."""
    recorded: bool = True
    """Whether events keep its values from before and after a change, so that undo can restore it."""

    @property
    def word(self) -> str:
        """The name of its tool argument, its result field and its export column, and the word for it in messages."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Detail(ItemField):
    """A field that people set, by the tool argument `word`."""

    parse: Callable[[Any, str], Any] | None = None
    """Return a clean value within bounds, or raise `Invalid` that names the argument. Without it, the type is enough;
    quantity and assignee need more than their value."""
    shown: Literal["concise", "full"] = "concise"
    """The `detail` of list_items that shows it."""
    given: bool = True
    """Whether the tools that add and change items take it; a recipe is set when it is put on the list."""
    clearable: bool = True
    exported: bool = True
    once: bool = False
    """Whether it belongs to one purchase, and is dropped when a bought item is added again."""
    read_as: str = ""
    """The SQL expression that shows it, where that is not its column."""


FIELDS: Final[tuple[ItemField, ...]] = (
    ItemField("id", {"id": "uuid"}, recorded=False),
    ItemField("no", {"no": "integer"}, recorded=False),
    ItemField("list_id", {"list_id": "uuid"}, "list"),
    Detail("name", {"name": "text"}, parse=parse_name, clearable=False),
    ItemField("name_key", {"name_key": "text"}, recorded=False),
    ItemField("position", {"position": "bigint"}),
    Detail("quantity", {"measure": "text", "amount": "numeric", "unit": "text"}, once=True),
    Detail("note", {"note": "text"}, parse=parse_note),
    ItemField("variant", {"variant": "smallint"}),
    Detail("category", {"category": "text"}, parse=parse_label),
    Detail("store", {"store": "text"}, parse=parse_label),
    Detail("assignee_id", {"assignee_id": "uuid"}, "assignee", once=True, read_as="people.name"),
    Detail("priority", {"priority": "text"}, once=True),
    Detail("price", {"price": "numeric"}, parse=parse_price, shown="full", once=True),
    Detail("not_before", {"not_before": "date"}, shown="full", once=True),
    Detail("repeat_days", {"repeat_days": "integer"}, "repeat_every_days", parse=parse_repetition, shown="full"),
    Detail(
        "recipe_id",
        {"recipe_id": "uuid"},
        "recipe",
        given=False,
        shown="full",
        exported=False,
        once=True,
        read_as="recipes.name",
    ),
    ItemField("checked_at", {"checked_at": "timestamptz"}, "checked"),
    ItemField("checked_by", {"checked_by": "uuid"}),
    ItemField("deleted_at", {"deleted_at": "timestamptz"}, "deletion"),
    ItemField("rev", {"rev": "bigint"}, recorded=False),
)

DETAILS: Final = tuple(each for each in FIELDS if isinstance(each, Detail))
RECORDED: Final = tuple(each.name for each in FIELDS if each.recorded)
DETAIL_NAMES: Final = tuple(each.name for each in DETAILS if each.name != "name")


@record(slots=False, kw_only=True)
class ItemDetails:
    """The details of an item, clean and as they are stored; None for those that are not set."""

    quantity: Quantity | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee_id: UUID | None = None
    priority: Priority | None = None
    price: Decimal | None = None
    not_before: date | None = None
    repeat_days: int | None = None
    recipe_id: UUID | None = None

    @cached_property
    def note_key(self) -> str:
        """The folded note: lines merge only when their notes agree too."""
        return fold(self.note or "")

    def details(self) -> dict[str, Any]:
        """Return the details that are set, by name."""
        return {name: value for name in DETAIL_NAMES if (value := getattr(self, name)) is not None}


@record(slots=False)
class ParsedItem(ItemDetails):
    """One item that a call asks to add, cleaned and parsed; an import also brings some that are checked already."""

    name: str
    checked_at: datetime | None = None
    checked_by: UUID | None = None

    @cached_property
    def name_key(self) -> str:
        """The key that lines of the same thing share."""
        return merge_key(self.name)


async def fold_notes(items: Collection[ItemDetails]) -> None:
    """Fold the notes of items ahead, in batches: long ones take a while."""
    await map_texts(attrgetter("note_key"), [item for item in items if item.note], lambda item: len(item.note or ""))


@record(slots=False)
class Item(ItemDetails):
    """A line on a list; `position` orders it, `variant` tells open lines of one name and measure apart.

    `rev` is the revision of its last stored change, 0 for an item that is not stored yet.
    """

    id: UUID
    no: int
    list_id: UUID
    name: str
    name_key: str
    position: int
    variant: int = 0
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

    @property
    def amount(self) -> Decimal | None:
        """How much, in the base unit of its measure."""
        return self.quantity.amount if self.quantity is not None else None

    @property
    def unit(self) -> str | None:
        """The unit in which people say how much."""
        return self.quantity.unit if self.quantity is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDetails:
    """Details as a call names them, by argument. `quantity` counts `unit`s, or pieces without one."""

    quantity: Decimal | None = None
    unit: str | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee: str | None = None
    priority: Priority | None = None
    price: Decimal | None = None
    not_before: date | None = None
    repeat_every_days: int | None = None


Place = tuple[int, bool, bool, str, int, int]
"""Where a row stands in the order of a page: list number, checked, without a group, group, position, item number."""


class PageRow(NamedTuple):
    """An item as a page shows it, in the order of `PAGE_COLUMNS`; details are called by their `word`.

    It is a tuple because a page has many of them.
    """

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
    repeat_every_days: int | None
    recipe: str | None
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
        """Where it stands in the order of the page."""
        is_checked = self.checked_at is not None
        return (self.list_no, is_checked, self.group is None, self.group or "", self.position, self.no)


PAGE_COLUMNS: Final = (
    "items.no",
    *(each.read_as or f"items.{column}" for each in DETAILS for column in each.columns),
    "items.checked_at",
    "items.position",
    "lists.no",
)
"""All of a `PageRow` but its view and its group, which depend on the question."""


def parse_details(given: GivenDetails, prefix: str, members: Sequence[Member]) -> dict[str, Any]:
    """Return the clean details that a call names, by name of the field, without the quantity.

    Raises `Invalid` or `NotFound`, naming the argument by its word behind `prefix`.
    """
    parsed: dict[str, Any] = {}
    for each in DETAILS:
        value = getattr(given, each.word, None)
        if value is None or each.name == "quantity":
            continue
        argument = f"{prefix}{each.word}"
        if each.name == "assignee_id":
            value = parse_assignee(value, argument, members)
        elif each.parse is not None:
            value = each.parse(value, argument)
        parsed[each.name] = value
    return parsed
