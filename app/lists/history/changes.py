"""Changes as an event keeps them: JSON with the values from before and after a call, so that it can be undone."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from app.lists.items.fields import RECORDED, Item
from app.lists.items.habits import REMEMBERED, Habit, HabitChange
from app.lists.models import Change, Purchase, Settlement, ShoppingList
from app.lists.pantry.corrections import Correction, CorrectionChange
from app.quantities import Quantity
from app.recipes.models import PlannedMeal, Recipe, RecipeLine
from app.runtime.batches import map_in_batches


@dataclass(frozen=True, slots=True)
class ListChange:
    """What a call did to a list itself; `before` is None for a new one."""

    before: ShoppingList | None
    after: ShoppingList


@dataclass(frozen=True, slots=True)
class RecipeChange:
    """What a call did to a recipe; `before` is None for a new one."""

    before: Recipe | None
    after: Recipe


@dataclass(frozen=True, slots=True)
class DefaultChange:
    """What a call did to a person's choice of a default list; None means the household's oldest."""

    person_id: UUID
    before: UUID | None
    after: UUID | None


@dataclass(frozen=True, slots=True)
class EventChange:
    """What a call did to an event: which event undid it, None when it is in force."""

    event_no: int
    before: int | None
    after: int | None


Whole = TypeVar("Whole", PlannedMeal, Purchase, Settlement)


@dataclass(frozen=True, slots=True)
class _WholeChange(Generic[Whole]):
    """What a call did to a thing that events keep as a whole; `before` is None for a new one, `after` for one that is
    gone."""

    before: Whole | None
    after: Whole | None

    @property
    def id(self) -> UUID:
        """Which thing it is."""
        either = self.before or self.after
        assert either is not None  # noqa: S101  # a change has one of them
        return either.id


class MealChange(_WholeChange[PlannedMeal]):
    """What a call did to a planned meal."""

    __slots__ = ()


class PurchaseChange(_WholeChange[Purchase]):
    """What a call did to a purchase by itself."""

    __slots__ = ()


class SettlementChange(_WholeChange[Settlement]):
    """What a call did to a settlement."""

    __slots__ = ()


AnyChange = (
    Change
    | ListChange
    | RecipeChange
    | MealChange
    | DefaultChange
    | HabitChange
    | CorrectionChange
    | EventChange
    | PurchaseChange
    | SettlementChange
)

_OF_NEW_ITEM: Final = tuple(name for name in RECORDED if name != "list_id")
_VALUES_OF_NEW_ITEM: Final = attrgetter(*_OF_NEW_ITEM)

LIST_RECORDED: Final = ("name", "store", "currency", "category_order", "archived_at", "deleted_at")
"""The fields of a list that events keep; `items.fields.RECORDED` are those of an item."""

RECIPE_RECORDED: Final = ("name", "kind", "servings", "lines", "steps", "source", "archived_at", "deleted_at")
"""The fields of a recipe that events keep."""


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)


async def as_json(changes: Collection[AnyChange], *, with_lists: bool = False) -> str:
    """Return a JSON array of `{item, before?, after}` and the like; before and after hold the fields that differ.

    Amounts are strings, because most readers take JSON numbers for floats. `with_lists` adds the list of each item, for
    calls that touch several.
    """

    def encode(change: AnyChange) -> str:
        return _ENCODER.encode(_as_dict(change, with_lists))

    return f"[{', '.join(await map_in_batches(encode, changes))}]"


def recorded_values(item: Item) -> dict[str, Any]:
    """Return what an event keeps of a new item: the fields that are set. The event itself names the list."""
    values = {
        name: value for name, value in zip(_OF_NEW_ITEM, _VALUES_OF_NEW_ITEM(item), strict=True) if value is not None
    }
    if item.quantity is not None:
        values["quantity"] = _quantity_values(item.quantity)
    return values


def _as_dict(change: AnyChange, with_lists: bool) -> dict[str, Any]:
    if isinstance(change, Change):
        if change.before is None:
            record = {"item": change.after.no, "after": recorded_values(change.after)}
        else:
            record = {"item": change.after.no, **_differences(change.before, change.after, RECORDED)}
        record |= _purchases(change.bought, change.unbought)
        return {"list_id": change.after.list_id, **record} if with_lists else record
    if isinstance(change, PurchaseChange):
        return {"purchase": change.id, **_purchases(change.after, change.before)}
    if isinstance(change, ListChange):
        if change.before is None:
            after = _values(change.after, LIST_RECORDED)
            return {"list": change.after.no, "after": {name: each for name, each in after.items() if each is not None}}
        return {"list": change.after.no, **_differences(change.before, change.after, LIST_RECORDED)}
    if isinstance(change, RecipeChange):
        if change.before is None:
            after = _values(change.after, RECIPE_RECORDED)
            return {
                "recipe": change.after.no,
                "after": {name: each for name, each in after.items() if each is not None},
            }
        return {"recipe": change.after.no, **_differences(change.before, change.after, RECIPE_RECORDED)}
    if isinstance(change, MealChange | SettlementChange):
        kind = "meal" if isinstance(change, MealChange) else "settlement"
        sides = {"before": change.before, "after": change.after}
        return {kind: change.id, **{side: asdict(each) for side, each in sides.items() if each is not None}}
    if isinstance(change, HabitChange):
        name_key = change.after.name_key
        return {"habit": name_key, **_differences(change.before or Habit(name_key), change.after, REMEMBERED)}
    if isinstance(change, CorrectionChange):
        names = [each.name for each in fields(Correction)]
        said = {"before": change.before, "after": change.after}
        return {"pantry": change.name_key, **{when: each and _values(each, names) for when, each in said.items()}}
    kind, key = ("default_of", change.person_id) if isinstance(change, DefaultChange) else ("event", change.event_no)
    return {kind: key, "before": change.before, "after": change.after}


def _purchases(bought: Purchase | None, unbought: Purchase | None) -> dict[str, dict[str, Any]]:
    return {
        name: _values(purchase, (field.name for field in fields(Purchase)))
        for name, purchase in (("bought", bought), ("unbought", unbought))
        if purchase is not None
    }


def _differences(
    old: Item | ShoppingList | Recipe | Habit, new: Item | ShoppingList | Recipe | Habit, names: Iterable[str]
) -> dict[str, dict[str, Any]]:
    differing = [name for name in names if getattr(old, name) != getattr(new, name)]
    return {"before": _values(old, differing), "after": _values(new, differing)}


def _values(
    thing: Item | ShoppingList | Purchase | Recipe | RecipeLine | Habit | Correction, names: Iterable[str]
) -> dict[str, Any]:
    """Return fields by name, in a form that JSON can hold or show as text."""
    values = {name: getattr(thing, name) for name in names}
    quantity = values.get("quantity")
    if quantity is not None:
        values["quantity"] = _quantity_values(quantity)
    if "lines" in values:
        values["lines"] = [_values(line, ("name", "quantity", "note")) for line in values["lines"]]
    return values


def _quantity_values(quantity: Quantity) -> dict[str, str | None]:
    return {"measure": quantity.measure, "amount": str(quantity.amount), "unit": quantity.unit}
