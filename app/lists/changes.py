"""Changes as JSON: what an event keeps of each item, before and after, so that the call can be undone."""

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from app.lists.model import Change, Item

_IDENTITY: Final = {"id", "no", "name_key"}
_KEPT: Final = tuple(field.name for field in fields(Item) if field.name not in _IDENTITY)


def as_json(changes: Iterable[Change]) -> str:
    """A JSON array of `{item, before?, after}`; before and after hold the fields that differ.

    Amounts are strings, because JSON numbers are floats to most readers.
    """
    return json.dumps([_as_dict(change) for change in changes], ensure_ascii=False, default=str)


def _as_dict(change: Change) -> dict[str, object]:
    if change.before is None:
        after = {name: value for name in _KEPT if (value := _plain(change.after, name)) is not None}
        return {"item": change.after.no, "after": after}
    before = {name: _plain(change.before, name) for name in _KEPT}
    after = {name: _plain(change.after, name) for name in _KEPT}
    differing = [name for name in _KEPT if before[name] != after[name]]
    return {
        "item": change.after.no,
        "before": {name: before[name] for name in differing},
        "after": {name: after[name] for name in differing},
    }


def _plain(item: Item, name: str) -> object:
    if name == "quantity":
        quantity = item.quantity
        return quantity and {"measure": quantity.measure, "amount": str(quantity.amount), "unit": quantity.unit}
    return getattr(item, name)
