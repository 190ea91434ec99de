"""What undoing one recorded change makes of a thing as it is now. Pure.

A field of an item, a list or a recipe that has changed again since keeps its newer value; other things are restored as
a whole, or left alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from app.errors import Conflict
from app.lists.history.changes import LIST_RECORDED, RECIPE_RECORDED
from app.lists.history.records import ItemRecord, ListRecord, RecipeRecord
from app.lists.items.fields import FIELDS, RECORDED, Item
from app.lists.models import Purchase, ShoppingList
from app.lists.pantry.corrections import Correction
from app.quantities.merge_key import merge_key
from app.recipes.models import PlannedMeal, Recipe

_COMPUTED: Final = frozenset({"variant"})
"""Fields that follow from the others; storing the item sets them right."""

_PLACE: Final = frozenset({"position", "variant", "list_id"})
_DEPENDS_ON: Final = {"position": "list_id", "checked_by": "checked_at"}
"""Fields that mean nothing without another one."""

_WORDS: Final = {"archived_at": "archived", "lines": "items", **{each.name: each.word for each in FIELDS}}

Thing = TypeVar("Thing", Item, ShoppingList, Recipe)
Whole = TypeVar("Whole", PlannedMeal, Correction, Purchase)


@dataclass(frozen=True, slots=True)
class Undone(Generic[Thing]):
    """The thing as it will be, which of its fields were restored, and why others were not."""

    after: Thing
    restored: Collection[str] = field(default_factory=tuple[str, ...])
    conflict: Conflict | None = None


def undo_item(
    record: ItemRecord, item: Item, home: UUID | None, deleted: Collection[UUID], now: datetime
) -> Undone[Item]:
    """Undo a change of `item`. `home` is the list that a new item was added to; `deleted` are lists deleted since."""
    if item.list_id in deleted:
        return Undone(item, conflict=_conflict(item, "is on a list that was deleted since"))
    before, after = record.before, record.after
    if before is None:
        return _undo_new_item(after, item, home, now)
    if item.deleted_at is not None and "deleted_at" not in after:
        return Undone(item, conflict=_conflict(item, "was removed since"))
    if before.get("list_id") in deleted:
        return Undone(item, conflict=_conflict(item, "came from a list that was deleted since"))
    values, changed_again = _to_restore(item, before, after)
    restored = replace(item, **values)
    if "name" in values:
        restored = replace(restored, name_key=merge_key(restored.name))
    return Undone(restored, values.keys() - _COMPUTED, _changed_since(item, changed_again))


def undo_list(record: ListRecord, current: ShoppingList, items: int, now: datetime) -> Undone[ShoppingList]:
    """Undo a change of a list that has `items` on it. Undo deletes only empty lists; others take delete_list."""
    values, changed_again = _list_values(record, current, now)
    if values.get("deleted_at") is not None and items:
        return Undone(current, conflict=_conflict(current, "has items on it; delete_list deletes it"))
    return Undone(replace(current, **values), values.keys(), _changed_since(current, changed_again))


def undo_recipe(record: RecipeRecord, current: Recipe, now: datetime) -> Undone[Recipe]:
    """Undo a change of a recipe; one that was new is deleted."""
    if record.before is None:
        if current.deleted_at is not None:
            return Undone(current)
        changed_again = [name for name in RECIPE_RECORDED if getattr(current, name) != record.after.get(name)]
        if changed_again:
            return Undone(current, conflict=_changed_since(current, changed_again))
        return Undone(replace(current, deleted_at=now), ("deleted_at",))
    if current.deleted_at is not None and "deleted_at" not in record.after:
        return Undone(current, conflict=_conflict(current, "was removed since"))
    values, changed_again = _to_restore(current, record.before, record.after)
    return Undone(replace(current, **values), values.keys(), _changed_since(current, changed_again))


def undo_whole(before: Whole | None, after: Whole | None, now: Whole | None) -> Literal["undone", "unchanged"] | None:
    """Return what undoing makes of a thing that is restored as a whole: a planned meal, a correction or a purchase.

    It becomes `before`, unless it is that already; None where it is neither that nor `after`, so has changed since.
    """
    if now == before:
        return "unchanged"
    return "undone" if now == after else None


def _list_values(record: ListRecord, current: ShoppingList, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """Return the values to restore, and the fields that have changed again since."""
    if record.before is not None:
        is_gone = current.deleted_at is not None and "deleted_at" not in record.after
        return ({}, ["deleted_at"]) if is_gone else _to_restore(current, record.before, record.after)
    if current.deleted_at is not None:
        return {}, []
    changed_again = [name for name in LIST_RECORDED if getattr(current, name) != record.after.get(name)]
    return ({}, changed_again) if changed_again else ({"deleted_at": now}, [])


def _undo_new_item(added: Mapping[str, Any], item: Item, home: UUID | None, now: datetime) -> Undone[Item]:
    if item.deleted_at is not None:
        return Undone(item)
    fields = [name for name in RECORDED if name not in _PLACE]
    changed_again = [name for name in fields if getattr(item, name) != added.get(name)]
    if home is not None and item.list_id != home:
        changed_again.append("list_id")
    changed_again = [name for name in changed_again if _DEPENDS_ON.get(name) not in changed_again]
    if changed_again:
        return Undone(item, conflict=_changed_since(item, changed_again))
    return Undone(replace(item, deleted_at=now), ("deleted_at",))


def _to_restore(
    thing: Item | ShoppingList | Recipe, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values to restore, and the fields that have changed again since."""
    changed_again = [
        name for name in after if name not in _COMPUTED and getattr(thing, name) not in (after[name], before.get(name))
    ]
    held = set(changed_again)
    values = {
        name: before.get(name)
        for name in after
        if name not in held
        and _DEPENDS_ON.get(name) not in held
        and (name in _COMPUTED or getattr(thing, name) != before.get(name))
    }
    if not values.keys() - _COMPUTED:
        values = {}
    return values, [name for name in changed_again if _DEPENDS_ON.get(name) not in held]


def _changed_since(thing: Item | ShoppingList | Recipe, names: Collection[str]) -> Conflict | None:
    if not names:
        return None
    words = ", ".join(_WORDS.get(name, name) for name in names)
    return _conflict(thing, f"has changed since, and its newer {words} is left alone")


def _conflict(thing: Item | ShoppingList | Recipe, what: str) -> Conflict:
    return Conflict(f"{thing.ref} {what}.", field="undo_ref")
