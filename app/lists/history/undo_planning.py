"""What undoing one recorded change makes of an item or a list as it is now. Pure.

A field that has changed again since is left alone: somebody wanted it that way.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from app.errors import Conflict
from app.lists.history.changes import ITEM_FIELDS, LIST_FIELDS, ItemRecord, ListRecord
from app.lists.models import Item, ParsedItem, ShoppingList

_BOOKKEEPING: Final = frozenset({"variant"})
"""Fields that nobody chose: they follow the others, and are put right again when the item is stored."""

_PLACE: Final = frozenset({"position", "variant", "list_id"})
_FOLLOWS: Final = {"position": "list_id", "checked_by": "checked_at"}
"""Fields that mean nothing without another one."""

_WORDS: Final = {
    "assignee_id": "assignee",
    "repeat_days": "repeat_every_days",
    "checked_at": "checked",
    "list_id": "list",
    "archived_at": "archived",
    "deleted_at": "deletion",
}

Thing = TypeVar("Thing", Item, ShoppingList)


@dataclass(frozen=True, slots=True)
class Undone(Generic[Thing]):
    """The thing as it will be, which of its fields went back, and why others did not."""

    after: Thing
    restored: Collection[str] = field(default_factory=tuple[str, ...])
    left_alone: Conflict | None = None


def undo_item(
    record: ItemRecord, item: Item, home: UUID | None, deleted: Collection[UUID], now: datetime
) -> Undone[Item]:
    """Undo a change of `item`. `home` is the list of an item that was new; `deleted` are lists that are gone."""
    if item.list_id in deleted:
        return Undone(item, left_alone=_conflict(item, "is on a list that was deleted since"))
    if record.before is None:
        return _undo_new_item(record.after.given(), item, home, now)
    before, after = record.before.given(), record.after.given()
    if item.deleted_at is not None and "deleted_at" not in after:
        return Undone(item, left_alone=_conflict(item, "was removed since"))
    if before.get("list_id") in deleted:
        return Undone(item, left_alone=_conflict(item, "came from a list that was deleted since"))
    values, changed_again = _to_restore(item, before, after)
    restored = replace(item, **values)
    if "name" in values:
        restored = replace(restored, name_key=ParsedItem(restored.name).name_key)
    return Undone(restored, values.keys() - _BOOKKEEPING, _left_alone(item, changed_again))


def undo_list(record: ListRecord, current: ShoppingList, items: int, now: datetime) -> Undone[ShoppingList]:
    """Undo a change of a list that has `items` on it. A list that would go must be empty: deleting one with all that is
    on it takes more than undoing."""
    values, changed_again = _list_values(record, current, now)
    if values.get("deleted_at") is not None and items:
        return Undone(current, left_alone=_conflict(current, "has items on it; delete_list deletes it"))
    return Undone(replace(current, **values), values.keys(), _left_alone(current, changed_again))


def _list_values(record: ListRecord, current: ShoppingList, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """The values to put back, and the fields that hold something else by now."""
    after = record.after.given()
    if record.before is not None:
        gone = current.deleted_at is not None and "deleted_at" not in after
        return ({}, ["deleted_at"]) if gone else _to_restore(current, record.before.given(), after)
    if current.deleted_at is not None:
        return {}, []
    changed_again = [name for name in LIST_FIELDS if getattr(current, name) != after.get(name)]
    return ({}, changed_again) if changed_again else ({"deleted_at": now}, [])


def _undo_new_item(given: Mapping[str, Any], item: Item, home: UUID | None, now: datetime) -> Undone[Item]:
    if item.deleted_at is not None:
        return Undone(item)
    fields = [name for name in ITEM_FIELDS if name not in _PLACE]
    changed_again = [name for name in fields if getattr(item, name) != given.get(name)]
    if home is not None and item.list_id != home:
        changed_again.append("list_id")
    changed_again = [name for name in changed_again if _FOLLOWS.get(name) not in changed_again]
    if changed_again:
        return Undone(item, left_alone=_left_alone(item, changed_again))
    return Undone(replace(item, deleted_at=now), ("deleted_at",))


def _to_restore(
    thing: Item | ShoppingList, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The values to put back, and the fields that hold something else by now."""
    changed_again = [
        name
        for name in after
        if name not in _BOOKKEEPING and getattr(thing, name) not in (after[name], before.get(name))
    ]
    held = set(changed_again)
    values = {
        name: before.get(name)
        for name in after
        if name not in held
        and _FOLLOWS.get(name) not in held
        and (name in _BOOKKEEPING or getattr(thing, name) != before.get(name))
    }
    if not values.keys() - _BOOKKEEPING:
        values = {}
    return values, [name for name in changed_again if _FOLLOWS.get(name) not in held]


def _left_alone(thing: Item | ShoppingList, names: Collection[str]) -> Conflict | None:
    if not names:
        return None
    words = ", ".join(_WORDS.get(name, name) for name in names)
    return _conflict(thing, f"has changed since, and its newer {words} is left alone")


def _conflict(thing: Item | ShoppingList, what: str) -> Conflict:
    return Conflict(f"{thing.ref} {what}.", field="undo_ref")
