"""What an export of a household holds: a file of JSON for its settings, and one of a record a line for everything else.

Things refer to one another by number, so that refs such as `L1` and `i12` stay the same, and to people by their number
in `people.jsonl`. docs/importing.md describes each field.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.errors import Invalid
from app.households.currencies import CURRENCIES
from app.households.settings import LONGEST_NAME as LONGEST_HOUSEHOLD_NAME
from app.households.settings import Language
from app.lists.items.fields import (
    LABEL_LENGTH,
    LARGEST_PRICE,
    LONGEST_REPETITION,
    NAME_LENGTH,
    NOTE_LENGTH,
    Priority,
)
from app.lists.models import GAP_BITS
from app.quantities import LARGEST, make_quantity
from app.quantities.prices import CENT
from app.quantities.quantity import STEP
from app.recipes.models import LINES_PER_RECIPE, MEAL_LENGTH, MOST_SERVINGS, STEPS_LENGTH, RecipeKind
from app.recipes.parsing import parse_source
from app.text import clean

FORMAT_NAME: Final = "shopping-list-mcp/household"
FORMAT_VERSION: Final = 1
MOST_NUMBER: Final = 10**9 // 2
"""The largest number of a ref, which leaves room for as many again: refs have nine digits."""

FARTHEST: Final = MOST_NUMBER << GAP_BITS
"""The farthest from the beginning of a list that anything stands: positions and numbers come from one counter."""

LONGEST_KEY: Final = 1_000


def _cleaned(longest: int, *, multiline: bool = False) -> AfterValidator:
    def check(text: str) -> str:
        try:
            return clean(text, "text", longest, multiline=multiline)
        except Invalid as refusal:
            raise ValueError(refusal.message) from None

    return AfterValidator(check)


def _address(text: str) -> str:
    try:
        return parse_source(text, "source")
    except Invalid as refusal:
        raise ValueError(refusal.message) from None


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("is no currency code (ISO 4217)")
    return code


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _without_exponent(number: Decimal) -> Decimal:
    """Return a number with two decimals: PostgreSQL reads no zero such as `0e999999999`."""
    return number.quantize(CENT)


Number = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
Name = Annotated[str, _cleaned(NAME_LENGTH)]
Note = Annotated[str, _cleaned(NOTE_LENGTH, multiline=True)]
Label = Annotated[str, _cleaned(LABEL_LENGTH)]
Key = Annotated[str, _cleaned(LONGEST_KEY)]
Currency = Annotated[str, AfterValidator(_currency)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    AfterValidator(_in_utc),
]
Price = Annotated[Decimal, Field(ge=0, le=LARGEST_PRICE, decimal_places=2), AfterValidator(_without_exponent)]
Place = Annotated[Decimal, Field(ge=0, lt=10**7, decimal_places=1), AfterValidator(_without_exponent)]
Position = Annotated[int, Field(ge=-FARTHEST, le=FARTHEST)]


class Record(BaseModel):
    """A line of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Counted(Record):
    """A record with an amount, in the base unit of its measure; all three fields or none."""

    measure: str = "none"
    amount: Annotated[Decimal, Field(gt=0, le=LARGEST)] | None = None
    unit: Label | None = None

    @model_validator(mode="after")
    def _is_a_quantity(self) -> Self:
        if self.amount is None:
            if self.measure != "none" or self.unit is not None:
                raise ValueError("measure and unit need an amount")
            return self
        of_unit = make_quantity(Decimal(1), self.unit)
        if of_unit is None or of_unit.measure != self.measure or of_unit.unit != self.unit:
            raise ValueError("measure and unit don't belong together")
        if self.amount != self.amount.quantize(STEP):
            raise ValueError("amount has more than six decimals")
        return self


class HouseholdRecord(Record):
    """`household.json`: what the household is, and the names of its members, for readers."""

    format: Literal["shopping-list-mcp/household"]
    version: Literal[1]
    name: Annotated[str, _cleaned(LONGEST_HOUSEHOLD_NAME)]
    currency: Currency
    locale: Language
    time_zone: Annotated[str, Field(max_length=100)]
    members: Annotated[list[Annotated[str, Field(max_length=NAME_LENGTH)]], Field(max_length=1_000)] = []


class PersonRecord(Record):
    """A person who bought something, checked it off, or has it assigned to them."""

    no: Number
    name: Name


class ListRecord(Record):
    """A list."""

    no: Number
    name: Name
    store: Label | None = None
    currency: Currency | None = None
    category_order: Annotated[list[Label], Field(max_length=100)] = []
    archived_at: Moment | None = None
    deleted_at: Moment | None = None


class LineRecord(Counted):
    """What a recipe takes."""

    name: Name
    note: Note | None = None


class RecipeRecord(Record):
    """A recipe or staples."""

    no: Number
    name: Name
    kind: RecipeKind
    servings: Annotated[int, Field(ge=1, le=MOST_SERVINGS)] | None = None
    archived_at: Moment | None = None
    source: Annotated[str, AfterValidator(_address)] | None = None
    steps: Annotated[str, _cleaned(STEPS_LENGTH, multiline=True)] | None = None
    lines: Annotated[list[LineRecord], Field(max_length=LINES_PER_RECIPE)]


class ItemRecord(Counted):
    """A line on a list; a removed one is there if it was ever bought."""

    no: Number
    list: Number
    name: Name
    position: Position
    variant: Annotated[int, Field(ge=0, le=2**15 - 1)] = 0
    note: Note | None = None
    category: Label | None = None
    store: Label | None = None
    assignee: Number | None = None
    priority: Priority | None = None
    price: Price | None = None
    recipe: Number | None = None
    not_before: date | None = None
    repeat_days: Annotated[int, Field(ge=1, le=LONGEST_REPETITION)] | None = None
    checked_at: Moment | None = None
    checked_by: Number | None = None
    deleted_at: Moment | None = None


class PurchaseRecord(Counted):
    """A thing that was bought."""

    item: Number | None = None
    name: Name
    category: Label | None = None
    store: Label | None = None
    price: Price | None = None
    currency: Currency
    bought_at: Moment
    bought_by: Number | None = None
    paid_by: Number | None = None
    place_of_trip: Place | None = None

    @model_validator(mode="after")
    def _is_placed_in_a_store(self) -> Self:
        if self.place_of_trip is not None and self.store is None:
            raise ValueError("place_of_trip needs a store")
        return self


class SettlementRecord(Record):
    """Money that one member gave another to settle a debt."""

    payer: Number
    payee: Number
    amount: Annotated[Price, Field(gt=0)]
    currency: Currency
    paid_at: Moment

    @model_validator(mode="after")
    def _is_between_two(self) -> Self:
        if self.payer == self.payee:
            raise ValueError("payer and payee are one person")
        return self


class MealRecord(Record):
    """Something on the meal plan: a recipe, or words."""

    day: date
    position: Annotated[int, Field(ge=-MOST_NUMBER, le=MOST_NUMBER)]
    meal: Annotated[str, _cleaned(MEAL_LENGTH)] | None = None
    recipe: Number | None = None
    words: Name | None = None
    servings: Annotated[int, Field(ge=1, le=MOST_SERVINGS)] | None = None

    @model_validator(mode="after")
    def _is_a_recipe_or_words(self) -> Self:
        if (self.recipe is None) == (self.words is None):
            raise ValueError("a meal is either a recipe or words")
        return self


class HabitRecord(Record):
    """What was corrected of a name."""

    name: Key
    unit: Label | None = None
    category: Label | None = None
    store: Label | None = None


class PantryRecord(Counted):
    """What a member said is, or is not, at home."""

    key: Key
    name: Name
    have: bool
    expires: date | None = None
    said_at: Moment

    @model_validator(mode="after")
    def _has_something_of_what_is_there(self) -> Self:
        if not self.have and (self.amount is not None or self.expires is not None):
            raise ValueError("there is an amount or a day of what is not there")
        return self


class AisleRecord(Record):
    """Where in a store a thing is found."""

    store: Key
    name: Key
    mean_position: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    trips: Annotated[int, Field(ge=0, le=2**31 - 1)]


HOUSEHOLD_FILE: Final = "household.json"
SECTIONS: Final[Mapping[str, type[Record]]] = {
    "people": PersonRecord,
    "lists": ListRecord,
    "recipes": RecipeRecord,
    "items": ItemRecord,
    "purchases": PurchaseRecord,
    "settlements": SettlementRecord,
    "plan": MealRecord,
    "habits": HabitRecord,
    "pantry": PantryRecord,
    "aisles": AisleRecord,
}
"""The files, each by its name without the ending, in the order in which one refers to another."""


ADDED_LATER: Final = frozenset({"settlements"})
"""Sections that archives of earlier versions don't have."""


def file_of(section: str) -> str:
    """Return the name of the file of a section."""
    return f"{section}.jsonl"
