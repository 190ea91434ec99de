"""Changes as an event kept them, read again: with the values from before and after a call."""

from collections.abc import Callable, Collection
from typing import Annotated, Any, Final, get_type_hints
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from app.lists.history.changes import LIST_RECORDED, RECIPE_RECORDED
from app.lists.items.fields import RECORDED, Item
from app.lists.models import Purchase, Settlement, ShoppingList
from app.lists.pantry.corrections import Correction
from app.recipes.models import PlannedMeal, Recipe


def _reader_of(kind: type, names: Collection[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that reads values on record as the types that the fields have in `kind`, and drops others."""
    readers = {name: TypeAdapter[Any](hint) for name, hint in get_type_hints(kind).items() if name in names}

    def read(values: dict[str, Any]) -> dict[str, Any]:
        return {name: readers[name].validate_python(value) for name, value in values.items() if name in readers}

    return read


ItemValues = Annotated[dict[str, Any], AfterValidator(_reader_of(Item, RECORDED))]
ListValues = Annotated[dict[str, Any], AfterValidator(_reader_of(ShoppingList, LIST_RECORDED))]
RecipeValues = Annotated[dict[str, Any], AfterValidator(_reader_of(Recipe, RECIPE_RECORDED))]


class ItemRecord(BaseModel):
    """A change of an item as an event keeps it; without `before` the item was new, and `after` has all that was set."""

    model_config = ConfigDict(frozen=True)

    item: int
    list_id: UUID | None = None
    before: ItemValues | None = None
    after: ItemValues
    bought: Purchase | None = None
    unbought: Purchase | None = None


class ListRecord(BaseModel):
    """A change of a list as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    list: int
    before: ListValues | None = None
    after: ListValues


class RecipeRecord(BaseModel):
    """A change of a recipe as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    recipe: int
    before: RecipeValues | None = None
    after: RecipeValues


class MealRecord(BaseModel):
    """A change of a planned meal as an event keeps it: all of it from before and after."""

    model_config = ConfigDict(frozen=True)

    meal: UUID
    before: PlannedMeal | None = None
    after: PlannedMeal | None = None


class DefaultRecord(BaseModel):
    """A change of a person's default list as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    default_of: UUID
    before: UUID | None = None
    after: UUID | None = None


class HabitRecord(BaseModel):
    """A change of what is remembered of a name, as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    habit: str
    before: dict[str, str | None]
    after: dict[str, str | None]


class CorrectionRecord(BaseModel):
    """A change of what was said about the pantry, as an event keeps it; None where nothing was said."""

    model_config = ConfigDict(frozen=True)

    pantry: str
    before: Correction | None = None
    after: Correction | None = None


class EventRecord(BaseModel):
    """A change of an event as the event that undid it keeps it."""

    model_config = ConfigDict(frozen=True)

    event: int
    before: int | None = None
    after: int | None = None


class PurchaseRecord(BaseModel):
    """A change of a purchase by itself as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    purchase: UUID
    bought: Purchase | None = None
    unbought: Purchase | None = None


class SettlementRecord(BaseModel):
    """A change of a settlement as an event keeps it: all of it from before and after."""

    model_config = ConfigDict(frozen=True)

    settlement: UUID
    before: Settlement | None = None
    after: Settlement | None = None


AnyRecord = (
    ItemRecord
    | ListRecord
    | RecipeRecord
    | MealRecord
    | DefaultRecord
    | HabitRecord
    | CorrectionRecord
    | EventRecord
    | PurchaseRecord
    | SettlementRecord
)
_RECORD: Final = TypeAdapter[AnyRecord](Annotated[AnyRecord, Field(union_mode="left_to_right")])


def read_record(change: str) -> AnyRecord:
    """Return a change of an event, from an element of the JSON array that `as_json` made."""
    return _RECORD.validate_json(change)
