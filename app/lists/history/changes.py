"""Changes as JSON: what an event keeps of each thing, before and after, so that the call can be undone."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.lists.models import Change, Item, Priority, Purchase, ShoppingList
from app.quantities import Quantity


@dataclass(frozen=True, slots=True)
class ListChange:
    """What a call did to a list itself; `before` is None for a new one."""

    before: ShoppingList | None
    after: ShoppingList


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


AnyChange = Change | ListChange | DefaultChange | EventChange

_DERIVED: Final = {"id", "no", "name_key", "rev", "open_items", "checked_items", "waiting_items"}
ITEM_FIELDS: Final = tuple(field.name for field in fields(Item) if field.name not in _DERIVED)
LIST_FIELDS: Final = tuple(field.name for field in fields(ShoppingList) if field.name not in _DERIVED)


class ItemValues(BaseModel):
    """Some of the fields of an item."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    list_id: UUID | None = None
    name: str = ""
    position: int = 0
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

    def given(self) -> dict[str, Any]:
        """The fields that are on record."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class ListValues(BaseModel):
    """Some of the fields of a list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = ""
    store: str | None = None
    currency: str | None = None
    category_order: tuple[str, ...] = ()
    archived_at: datetime | None = None
    deleted_at: datetime | None = None

    def given(self) -> dict[str, Any]:
        """The fields that are on record."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class ItemRecord(BaseModel):
    """A change of an item as an event keeps it; without `before` the item was new, and `after` has all it was given."""

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


class DefaultRecord(BaseModel):
    """A change of a person's default list as an event keeps it."""

    model_config = ConfigDict(frozen=True)

    default_of: UUID
    before: UUID | None = None
    after: UUID | None = None


class EventRecord(BaseModel):
    """A change of an event as the event that undid it keeps it."""

    model_config = ConfigDict(frozen=True)

    event: int
    before: int | None = None
    after: int | None = None


AnyRecord = ItemRecord | ListRecord | DefaultRecord | EventRecord
_RECORDS: Final = TypeAdapter(list[Annotated[AnyRecord, Field(union_mode="left_to_right")]])


def read(changes: str) -> list[AnyRecord]:
    """The changes of an event, from the JSON that `as_json` made."""
    return _RECORDS.validate_json(changes)


def as_json(changes: Iterable[AnyChange], *, with_lists: bool = False) -> str:
    """A JSON array of `{item, before?, after}` and its like; before and after hold the fields that differ.

    Amounts are strings, because JSON numbers are floats to most readers. `with_lists` adds the list of each item, for
    calls that touch several.
    """
    return json.dumps([_as_dict(change, with_lists) for change in changes], ensure_ascii=False, default=str)


def _as_dict(change: AnyChange, with_lists: bool) -> dict[str, object]:
    if isinstance(change, Change):
        record = _differences("item", change.before, change.after, ITEM_FIELDS, _plain)
        for name, purchase in (("bought", change.bought), ("unbought", change.unbought)):
            if purchase is not None:
                record[name] = {field.name: _plain(purchase, field.name) for field in fields(Purchase)}
        return {"list_id": change.after.list_id, **record} if with_lists else record
    if isinstance(change, ListChange):
        return _differences("list", change.before, change.after, LIST_FIELDS, getattr)
    kind, key = ("default_of", change.person_id) if isinstance(change, DefaultChange) else ("event", change.event_no)
    return {kind: key, "before": change.before, "after": change.after}


def _differences(
    kind: str,
    old: Item | ShoppingList | None,
    new: Item | ShoppingList,
    names: Iterable[str],
    plain: Callable[[Any, str], object],
) -> dict[str, object]:
    after = {name: plain(new, name) for name in names}
    if old is None:
        return {kind: new.no, "after": _given(after)}
    before = {name: plain(old, name) for name in names}
    differing = [name for name in after if before[name] != after[name]]
    return {
        kind: new.no,
        "before": {name: before[name] for name in differing},
        "after": {name: after[name] for name in differing},
    }


def created(item: Item) -> dict[str, object]:
    """What an event keeps of a new item: `after`, without the list."""
    return _given({name: _plain(item, name) for name in ITEM_FIELDS})


def _given(values: dict[str, object]) -> dict[str, object]:
    # The list of an item is the event's, or stands beside it.
    return {name: value for name, value in values.items() if value is not None and name != "list_id"}


def _plain(thing: Item | Purchase, name: str) -> object:
    if name == "quantity":
        quantity = thing.quantity
        return quantity and {"measure": quantity.measure, "amount": str(quantity.amount), "unit": quantity.unit}
    return getattr(thing, name)
