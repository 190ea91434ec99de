"""What happened to one thing in a few words, from the change on record. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from app.lists.history.records import ItemRecord, ListRecord, PurchaseRecord, RecipeRecord
from app.lists.items.fields import DETAILS
from app.lists.models import Purchase
from app.lists.pantry.corrections import Correction
from app.recipes.models import PlannedMeal

_ITEM_WORDS: Final = {each.name: each.word for each in DETAILS if each.in_summary}
_LIST_WORDS: Final = {"name": "name", "store": "store", "currency": "currency", "category_order": "order of categories"}
_RECIPE_WORDS: Final = {"name": "name", "kind": "kind", "servings": "servings"}
"""The fields whose changes are shown as `word old → new`, in this order."""

_LONGEST: Final = 60
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One change of a call: the thing by ref and by the name it has now, and what happened to it."""

    ref: str
    name: str
    what: str


def meal_changes(before: PlannedMeal, after: PlannedMeal) -> str:
    """Return `servings 2 → 4`."""
    return "; ".join(
        _value_changes({"servings": before.servings}, {"servings": after.servings}, {"servings": "servings"})
    )


def summarize_item(record: ItemRecord, moved: str, assignee: str) -> str:
    """Return `added 2 kg`, `quantity 2 → 3; note – → fresh`, `bought 2 kg at Market for 3.49 EUR`; `moved` says from
    which list it came to which."""
    before, after = record.before, record.after
    if before is None:
        quantity = after.get("quantity")
        return f"added {quantity}" if quantity is not None else "added"
    bought = "checked" if record.bought is None else _summarize_purchase(record.bought)
    states = {"deleted_at": ("removed", "brought back"), "checked_at": (bought, "unchecked")}
    parts, values = _state_changes(before, after, states), _value_changes(before, after, _ITEM_WORDS)
    if "list_id" in after:
        parts.append(f"moved{moved}")
    elif "position" in after and not parts and not values:
        parts.append("moved")
    if "assignee_id" in after:
        parts.append(f"assigned to {assignee}" if after["assignee_id"] is not None else "no longer assigned")
    return "; ".join(parts + values)


def _summarize_purchase(purchase: Purchase) -> str:
    quantity = "" if purchase.quantity is None else f" {purchase.quantity}"
    store = "" if purchase.store is None else f" at {in_short(purchase.store)}"
    price = "" if purchase.price is None else f" for {purchase.price:.2f} {purchase.currency}"
    return f"bought{quantity}{store}{price}"


def summarize_loose_purchase(record: PurchaseRecord) -> EventSummary:
    """Return what became of a purchase that stands for no item: `bought 2 kg`, `not bought after all`."""
    bought, unbought = record.bought, record.unbought
    if bought is not None:
        return EventSummary("", bought.name, _summarize_purchase(bought))
    return EventSummary("", "" if unbought is None else unbought.name, "not bought after all")


def summarize_list(record: ListRecord) -> str:
    """Return `made`, `name Tools → Hardware`, `deleted`."""
    before, after = record.before, record.after
    if before is None:
        return "made"
    states = {"deleted_at": ("deleted", "brought back"), "archived_at": ("archived", "back in use")}
    return "; ".join(_state_changes(before, after, states) + _value_changes(before, after, _LIST_WORDS))


def summarize_correction(after: Correction | None) -> str:
    """Return `said to be there, 2 kg, expires 2026-12-04`, `said to be used up`."""
    if after is None:
        return "what was said is forgotten"
    if not after.have:
        return "said to be used up"
    expires = None if after.expires is None else f"expires {after.expires}"
    return ", ".join(str(part) for part in ("said to be there", after.quantity, expires) if part is not None)


def summarize_recipe(record: RecipeRecord) -> str:
    """Return `saved`, `servings 2 → 4; items changed`, `archived`."""
    before, after = record.before, record.after
    if before is None:
        return "saved"
    states = {"deleted_at": ("deleted", "brought back"), "archived_at": ("archived", "back in use")}
    values = _state_changes(before, after, states) + _value_changes(before, after, _RECIPE_WORDS)
    return "; ".join([*values, *(["items changed"] if "lines" in after else [])])


def _state_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, tuple[str, str]]
) -> list[str]:
    """Return the words for states that began or ended, where a state is a time or None."""
    return [
        begun if after[name] is not None else ended
        for name, (begun, ended) in words.items()
        if name in after and (after[name] is None) != (before.get(name) is None)
    ]


def _value_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    return [
        f"{word} {in_short(before.get(name))} → {in_short(after[name])}"
        for name, word in words.items()
        if name in after
    ]


def in_short(value: Any) -> str:
    """Return a value of a change, cut where it is long."""
    if value is None or value == ():
        return _NOTHING
    text = ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
