"""Data to import as they were read: rows, and remarks on them by line and column."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from app.errors import Invalid
from app.lists.items.fields import ParsedItem

Format = Literal["json", "csv", "text"]
Product = Literal["kitchenowl", "mealie", "grocy", "todoist"]
"""Products whose exports are told from others by their shape."""

LeftOut = Literal["empty_values", "empty_rows", "headings", "list_settings", "expenses", "stock_changes"]

MOST_ROWS: Final = 5_000
LONGEST_DATA: Final = 1_000_000
"""In characters; the body of a request holds no more."""

LONGEST_ROW: Final = 20_000
"""In characters of CSV; all fields of an item at their longest have fewer than 4,000."""

MOST_COLUMNS: Final = 100
MOST_SHOWN: Final = 50
"""How many faults, and how many repairs, an answer names; the rest are counted."""


class Location(NamedTuple):
    """Where something begins: line and column, both from 1, in characters as an editor counts them."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong at a location, or what a repair does there; `field` is the column, where it is about one."""

    location: Location
    reason: str
    field: str | None = None


class Unreadable(Exception):
    """The data can't be read beyond a location."""

    def __init__(self, location: Location, reason: str) -> None:
        super().__init__(reason)
        self.remark = Remark(location, reason)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row, or one column of it, can't be used. `row` counts from 0."""

    row: int
    reason: str
    field: str | None = None


Named = TypeVar("Named")


@dataclass(slots=True)
class FirstOf(Generic[Named]):
    """The first MOST_SHOWN of some things that an answer names, and how many there are."""

    shown: list[Named] = field(default_factory=list[Named])
    count: int = 0

    def add(self, *things: Named) -> None:
        """Add things, in the order of the data."""
        self.count += len(things)
        self.shown += things[: max(MOST_SHOWN - len(self.shown), 0)]

    def extend(self, others: "FirstOf[Named]") -> None:
        """Add others behind these."""
        self.count += others.count
        self.shown += others.shown[: max(MOST_SHOWN - len(self.shown), 0)]


Faults = FirstOf[Fault]
Remarks = FirstOf[Remark]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values by column, or the line that people typed. `fault` says why it is neither."""

    cells: Mapping[str, Any] = field(default_factory=dict[str, Any])
    phrase: str | None = None
    is_checked: bool = False
    is_purchase: bool = False
    fault: str | None = None
    fault_at: int = 0
    """Which of its cells the fault is about."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe in the data of another product, as lines that people could have typed, and where it is."""

    name: object
    servings: int | None
    lines: Sequence[str]
    location: Callable[[], Location]


class Document(ABC):
    """Data in one of the formats, read row by row."""

    format: Format | Product

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.recipes: list[Recipe] = []
        self.faults = Remarks()
        """Columns that can't be used; the rows can be, without them."""
        self.repairs = Remarks()
        self.left_out: Counter[LeftOut] = Counter()
        self.has_quantities = False
        """Whether amounts have columns of their own, so that names are taken as they stand."""
        self.currency: str | None = None
        """The currency that the data name for their prices."""

    @abstractmethod
    def location(self, row: int, column: str | None = None) -> Location:
        """Return where a row, or one column of it, begins. May take a second or two: not for the event loop."""

    def currency_location(self) -> Location:
        """Return where the data name their currency."""
        return Location(1, 1)

    def repair(self, row: int, column: str, reason: str) -> None:
        """Note a repair in a row."""
        location = self.location(row, column) if self.repairs.count < MOST_SHOWN else Location(1, 1)
        self.repairs.add(Remark(location, reason, column))

    def locate(self, faults: Faults) -> Remarks:
        """Return faults of rows with their locations."""
        shown = [Remark(self.location(each.row, each.field), each.reason, each.field) for each in faults.shown]
        return Remarks(shown, faults.count)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row whose values are valid; `checked_at` is None for one that is checked off without a time."""

    row: int
    item: ParsedItem
    assignee: str | None = None
    is_checked: bool = False
    checked_at: datetime | None = None
    bought_on: date | None = None
    """The day of a purchase; a row without one is an item."""


class ImportRefused(Invalid):
    """Nothing was imported; `faults` say why, `repairs` are offered."""

    def __init__(self, message: str, faults: Remarks, repairs: Remarks) -> None:
        super().__init__(message, field="data")
        self.faults = faults
        self.repairs = repairs

    def as_dict(self) -> dict[str, object]:
        """As every refusal, with `faults` and `repairs` that have line, column, field and reason."""
        answer = super().as_dict()
        for name, remarks in (("faults", self.faults), ("repairs", self.repairs)):
            if remarks.count:
                answer[name] = [_as_dict(each) for each in remarks.shown]
            if remarks.count > len(remarks.shown):
                answer[f"more_{name}"] = remarks.count - len(remarks.shown)
        return answer


def _as_dict(remark: Remark) -> dict[str, object]:
    named = {} if remark.field is None else {"field": remark.field}
    return {"line": remark.location.line, "column": remark.location.column, **named, "reason": remark.reason}


def names_of(columns: Sequence[str]) -> str:
    """Return columns as a message lists them."""
    return ", ".join(columns)
