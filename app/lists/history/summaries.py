"""What happened to one thing in a few words, from the change on record. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from app.errors import gettext_noop
from app.lists.history.records import ItemRecord, ListRecord, PurchaseRecord, RecipeRecord
from app.lists.models import Purchase
from app.lists.pantry.corrections import Correction
from app.recipes.models import PlannedMeal

_LONGEST: Final = 60
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few words; `values` fill the placeholders of the message, which pages translate without them."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    joined_by: str = "; "
    """What stands between it and the phrase before."""

    def __str__(self) -> str:
        return self.message.format_map(self.values)


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One change of a call: the thing by ref and by the name it has now, and what happened to it."""

    ref: str
    name: str
    phrases: Sequence[Phrase]

    @property
    def what(self) -> str:
        """What happened, in English."""
        return self.say(str)

    def say(self, in_words: Callable[[Phrase], str]) -> str:
        """Return what happened, each phrase by `in_words`."""
        words = [f"{phrase.joined_by if place else ''}{in_words(phrase)}" for place, phrase in enumerate(self.phrases)]
        return "".join(words)


_ITEM_VALUES: Final = {
    "name": gettext_noop("name {before} → {after}"),
    "quantity": gettext_noop("quantity {before} → {after}"),
    "note": gettext_noop("note {before} → {after}"),
    "category": gettext_noop("category {before} → {after}"),
    "store": gettext_noop("store {before} → {after}"),
    "priority": gettext_noop("priority {before} → {after}"),
    "price": gettext_noop("price {before} → {after}"),
    "not_before": gettext_noop("not_before {before} → {after}"),
    "repeat_days": gettext_noop("repeat_every_days {before} → {after}"),
}
_LIST_VALUES: Final = {
    "name": gettext_noop("name {before} → {after}"),
    "store": gettext_noop("store {before} → {after}"),
    "currency": gettext_noop("currency {before} → {after}"),
    "category_order": gettext_noop("order of categories {before} → {after}"),
}
_RECIPE_VALUES: Final = {
    "name": gettext_noop("name {before} → {after}"),
    "kind": gettext_noop("kind {before} → {after}"),
    "servings": gettext_noop("servings {before} → {after}"),
    "source": gettext_noop("source {before} → {after}"),
}
"""How a change of each field is told, in this order."""

_REMOVED: Final = (gettext_noop("removed"), gettext_noop("brought back"))
_DELETED: Final = (gettext_noop("deleted"), gettext_noop("brought back"))
_ARCHIVED: Final = (gettext_noop("archived"), gettext_noop("back in use"))
_CHECKED: Final = (gettext_noop("checked"), gettext_noop("unchecked"))
"""How the beginning and the end of a state are told."""


def summarize_item(record: ItemRecord, source: str | None, target: str | None, assignee: str) -> list[Phrase]:
    """Return `added 2 kg`, `quantity 2 → 3; note – → fresh`, `bought 2 kg at Market for 3.49 EUR`. An item that was
    moved came from the list `source` to the list `target`, as far as these are known."""
    before, after = record.before, record.after
    if before is None:
        return [_with_quantity(gettext_noop("added"), gettext_noop("added {quantity}"), after.get("quantity"))]
    parts = _state_change("deleted_at", before, after, _REMOVED)
    checked = _state_change("checked_at", before, after, _CHECKED)
    is_bought = record.bought is not None and after.get("checked_at") is not None
    parts += _summarize_purchase(record.bought) if checked and is_bought and record.bought is not None else checked
    values = _value_changes(before, after, _ITEM_VALUES)
    if "list_id" in after:
        parts.append(_moved(source, target))
    elif "position" in after and not parts and not values:
        parts.append(Phrase(gettext_noop("moved")))
    if "assignee_id" in after:
        is_assigned = after["assignee_id"] is not None
        given = Phrase(gettext_noop("assigned to {person}"), {"person": assignee})
        parts.append(given if is_assigned else Phrase(gettext_noop("no longer assigned")))
    return parts + values


def _moved(source: str | None, target: str | None) -> Phrase:
    values = {"source": in_short(source), "target": in_short(target)}
    if source is None:
        return Phrase(gettext_noop("moved") if target is None else gettext_noop("moved to {target}"), values)
    if target is None:
        return Phrase(gettext_noop("moved from {source}"), values)
    return Phrase(gettext_noop("moved from {source} to {target}"), values)


def _with_quantity(alone: str, message: str, quantity: object) -> Phrase:
    return Phrase(alone) if quantity is None else Phrase(message, {"quantity": quantity})


def _summarize_purchase(purchase: Purchase) -> list[Phrase]:
    said = [_with_quantity(gettext_noop("bought"), gettext_noop("bought {quantity}"), purchase.quantity)]
    if purchase.store is not None:
        said.append(Phrase(gettext_noop("at {store}"), {"store": in_short(purchase.store)}, " "))
    if purchase.price is not None:
        price = f"{purchase.price:.2f} {purchase.currency}"
        said.append(Phrase(gettext_noop("for {price}"), {"price": price}, " "))
    return said


def summarize_loose_purchase(record: PurchaseRecord) -> EventSummary:
    """Return what became of a purchase that stands for no item: `bought 2 kg`, `not bought after all`."""
    bought, unbought = record.bought, record.unbought
    if bought is not None:
        return EventSummary("", bought.name, _summarize_purchase(bought))
    return EventSummary("", "" if unbought is None else unbought.name, [Phrase(gettext_noop("not bought after all"))])


def summarize_list(record: ListRecord) -> list[Phrase]:
    """Return `made`, `name Tools → Hardware`, `deleted`."""
    before, after = record.before, record.after
    if before is None:
        return [Phrase(gettext_noop("made"))]
    states = _state_change("deleted_at", before, after, _DELETED) + _state_change(
        "archived_at", before, after, _ARCHIVED
    )
    return states + _value_changes(before, after, _LIST_VALUES)


def summarize_default(*, is_default: bool) -> list[Phrase]:
    """Return `made the default list` or `no longer the default list`."""
    if is_default:
        return [Phrase(gettext_noop("made the default list"))]
    return [Phrase(gettext_noop("no longer the default list"))]


def summarize_correction(after: Correction | None) -> list[Phrase]:
    """Return `said to be there, 2 kg, expires 2026-12-04`, `said to be used up`."""
    if after is None:
        return [Phrase(gettext_noop("what was said is forgotten"))]
    if not after.have:
        return [Phrase(gettext_noop("said to be used up"))]
    said = [Phrase(gettext_noop("said to be there"))]
    if after.quantity is not None:
        said.append(Phrase("{quantity}", {"quantity": after.quantity}, ", "))
    if after.expires is not None:
        said.append(Phrase(gettext_noop("expires {day}"), {"day": after.expires}, ", "))
    return said


def summarize_recipe(record: RecipeRecord) -> list[Phrase]:
    """Return `saved`, `servings 2 → 4; items changed`, `archived`."""
    before, after = record.before, record.after
    if before is None:
        return [Phrase(gettext_noop("saved"))]
    states = _state_change("deleted_at", before, after, _DELETED) + _state_change(
        "archived_at", before, after, _ARCHIVED
    )
    values = _value_changes(before, after, _RECIPE_VALUES)
    more = {"lines": gettext_noop("items changed"), "steps": gettext_noop("steps changed")}
    return states + values + [Phrase(message) for name, message in more.items() if name in after]


def summarize_meal(before: PlannedMeal | None, after: PlannedMeal | None) -> list[Phrase]:
    """Return `planned (dinner)`, `taken off the plan`, `servings 2 → 4`."""
    meal = after or before
    if before is None:
        said = [Phrase(gettext_noop("planned"))]
    elif after is None:
        said = [Phrase(gettext_noop("taken off the plan"))]
    else:
        said = _value_changes({"servings": before.servings}, {"servings": after.servings}, _RECIPE_VALUES)
    if meal is None or meal.meal is None:
        return said
    return [*said, Phrase("({meal})", {"meal": meal.meal}, " ")]


def summarize_settlement(people: tuple[str, str] | None) -> list[Phrase]:
    """Return `given by Bob to Ada` for who gave money to whom, `not given after all` for what was taken back."""
    if people is None:
        return [Phrase(gettext_noop("not given after all"))]
    payer, payee = map(in_short, people)
    return [Phrase(gettext_noop("given by {payer} to {payee}"), {"payer": payer, "payee": payee})]


def _state_change(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], words: tuple[str, str]
) -> list[Phrase]:
    """Return how a state began or ended, where a state is a time or None; nothing if it stayed."""
    if name not in after or (after[name] is None) == (before.get(name) is None):
        return []
    begun, ended = words
    return [Phrase(begun if after[name] is not None else ended)]


def _value_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Mapping[str, str]) -> list[Phrase]:
    return [
        Phrase(message, {"before": in_short(before.get(name)), "after": in_short(after[name])})
        for name, message in words.items()
        if name in after
    ]


def in_short(value: Any) -> str:
    """Return a value of a change, cut where it is long."""
    if value is None or value == ():
        return _NOTHING
    text = ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
