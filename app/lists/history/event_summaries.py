"""One recorded change in a few words. Pure."""

from collections.abc import Mapping
from typing import Any, Final, cast

from app.lists.history.changes import ITEM_FIELDS, LIST_FIELDS, ItemRecord, ListRecord

_LABELS: Final = {"repeat_days": "repeat_every_days", "category_order": "order of categories"}
_UNTOLD: Final = frozenset({"variant", "checked_by", "position", "assignee_id"})
_LONGEST: Final = 60
NOTHING: Final = "–"


def tell_item(record: ItemRecord, moved_to: str | None) -> str:
    """`added 2 kg`, `quantity 2 → 3; note – → fresh`, `checked`; `moved_to` is the ref of the list it went to."""
    after = record.after.given()
    if record.before is None:
        quantity = record.after.quantity
        return f"added {quantity}" if quantity is not None else "added"
    before = record.before.given()
    told = _states(before, after, {"deleted_at": ("removed", "brought back"), "checked_at": ("checked", "unchecked")})
    if "list_id" in after:
        told.append(f"moved to {moved_to}" if moved_to is not None else "moved")
    elif "position" in after and after.keys() <= _UNTOLD:
        told.append("moved")
    if "assignee_id" in after:
        told.append("assigned" if after["assignee_id"] is not None else "no longer assigned")
    return "; ".join(told + _values(before, after))


def tell_list(record: ListRecord) -> str:
    """`made`, `name Tools → Hardware`, `deleted`."""
    if record.before is None:
        return "made"
    before, after = record.before.given(), record.after.given()
    states = {"deleted_at": ("deleted", "brought back"), "archived_at": ("archived", "back in use")}
    return "; ".join(_states(before, after, states) + _values(before, after))


def _states(before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, tuple[str, str]]) -> list[str]:
    """What began and what ended, where both are a moment or none."""
    return [
        begun if after[name] is not None else ended
        for name, (begun, ended) in words.items()
        if name in after and (after[name] is None) != (before.get(name) is None)
    ]


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        f"{_LABELS.get(name, name)} {_shown(before.get(name))} → {_shown(after[name])}"
        for name in dict.fromkeys(ITEM_FIELDS + LIST_FIELDS)
        if name in after and name not in _UNTOLD and name != "list_id" and not name.endswith("_at")
    ]


def _shown(value: Any) -> str:
    if value is None or value == ():
        return NOTHING
    text = ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
