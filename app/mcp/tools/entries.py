"""One entry of a call, as the tools that change something show what became of it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.errors import AppError
from app.households.models import FORMER_MEMBER
from app.lists.items.candidates import CANDIDATES, label_of
from app.lists.items.fields import DETAILS, Item
from app.lists.models import (
    ItemResult,
    ListOutcome,
    NotListed,
    Outcome,
    PantryOutcome,
    PlanOutcome,
    Purchase,
    PurchaseOutcome,
    RecipeOutcome,
    SettlementOutcome,
    ShoppingList,
)
from app.mcp.prose import quantity_text
from app.text import printable_start

LONGEST_SENT: Final = 80
"""Characters of what was sent for a failed entry, by which it is told apart from the others, and of a note."""

_NOTHING: Final = "–"


class ErrorView(BaseModel):
    """Why an entry was not done."""

    code: str
    message: str
    field: str | None = None
    candidates: list[str] | None = None


class EntryView(BaseModel):
    """One entry of the call."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: str = Field(description="What was done, or unchanged, or failed")
    ref: str | None = None
    note: str | None = None
    quantity: str | None = None
    was: str | None = None
    changes: dict[str, str] | None = None
    similar: list[str] | None = None
    why: str | None = None
    error: ErrorView | None = None
    current: dict[str, str] | None = None


def entry_view(entry: ItemResult, names: Mapping[UUID, str]) -> EntryView:
    """Return how an entry is shown; `names` are those of the members and recipes that items are for."""
    result = entry.result
    if isinstance(result, AppError):
        return _failed(entry, result)
    conflict = error_view(result.conflict) if result.conflict is not None else None
    if isinstance(result, ListOutcome):
        return EntryView(
            ref=result.list.ref,
            name=result.list.name,
            status=result.status,
            changes=_settings(result) or None,
            error=conflict,
        )
    if isinstance(result, RecipeOutcome):
        return EntryView(ref=result.recipe.ref, name=result.recipe.name, status=result.status, error=conflict)
    if isinstance(result, PurchaseOutcome):
        return _loose_purchase(result, conflict)
    if isinstance(result, SettlementOutcome):
        return _settlement(result, names)
    if isinstance(result, PantryOutcome):
        return EntryView(name=result.name, status=result.status, error=conflict)
    if isinstance(result, PlanOutcome):
        return _planned(result)
    if isinstance(result, NotListed):
        quantity = None if result.quantity is None else quantity_text(result.quantity)
        return EntryView(name=result.name, status=result.status, quantity=quantity, why=result.why)
    return _item(result, names, conflict)


def _failed(entry: ItemResult, refusal: AppError) -> EntryView:
    return EntryView(
        name=printable_start(entry.name, LONGEST_SENT),
        status="failed",
        ref=entry.ref,
        error=error_view(refusal),
        current=None if entry.current is None else dict(entry.current),
    )


def _item(result: Outcome, names: Mapping[UUID, str], conflict: ErrorView | None) -> EntryView:
    item, before = result.item, result.before
    was = before.quantity if before is not None and before.quantity != item.quantity else None
    return EntryView(
        ref=item.ref,
        name=item.name,
        status=result.status,
        note=None if item.note is None else _start_of(item.note),
        quantity=quantity_text(item.quantity) if item.quantity is not None else None,
        was=quantity_text(was) if was is not None else None,
        changes={**_changes(result, names), **_recipe_of(item, names)} or None,
        similar=[label_of(each) for each in result.similar[:CANDIDATES]] or None,
        error=conflict,
    )


def _settings(outcome: ListOutcome) -> dict[str, str]:
    """Return which settings of a list changed, by word; of a new one all that are set beside its name."""
    before, after = outcome.before, outcome.list
    if before is None and outcome.status != "created":
        return {}
    now, was = _settings_of(after), {"name": after.name} if before is None else _settings_of(before)
    return {
        word: _start_of(now[word] if before is None else f"{was.get(word, _NOTHING)} → {now.get(word, _NOTHING)}")
        for word in [*now, *(was.keys() - now)]
        if now.get(word) != was.get(word)
    }


def _settings_of(on: ShoppingList) -> dict[str, str]:
    values = {
        "name": on.name,
        "store": on.store,
        "currency": on.currency,
        "category_order": ", ".join(on.category_order),
        "archived": "yes" if on.archived_at is not None else None,
    }
    return {word: value for word, value in values.items() if value}


def _planned(outcome: PlanOutcome) -> EntryView:
    planned, before = outcome.dish.planned, outcome.before
    servings = None if planned.servings is None else str(planned.servings)
    if before is not None and before.servings != planned.servings:
        servings = f"{before.servings or _NOTHING} → {servings}"
    values = {"date": planned.day.isoformat(), "meal": planned.meal, "servings": servings}
    return EntryView(
        ref=outcome.dish.recipe_ref,
        name=outcome.dish.name,
        status=outcome.status,
        changes={word: value for word, value in values.items() if value is not None},
    )


_SHOWN: Final = tuple(each for each in DETAILS if each.given and each.name != "quantity")
"""The details whose changes are shown; the quantity has fields of its own, and a recipe is what the call is about."""


def _changes(outcome: Outcome, names: Mapping[UUID, str]) -> dict[str, str]:
    """Return what changed of an item, by word; of a new one all that is set beside its name, quantity and note; of one
    that was checked off what its purchase records."""
    item, before = outcome.item, outcome.before
    if outcome.bought is not None:
        return _of_purchase(outcome.bought, item, outcome.comes_back)
    if before is None:
        if outcome.status != "added":
            return {}
        return {
            each.word: _start_of(_value(getattr(item, each.name), names))
            for each in _SHOWN
            if each.name not in ("name", "note") and getattr(item, each.name) is not None
        }
    moved = {}
    if before.list_id != item.list_id and before.list_id in names:
        moved = {"list": f"{_start_of(names[before.list_id])} → {_start_of(_value(item.list_id, names))}"}
    return moved | {
        each.word: f"{_start_of(_value(old, names))} → {_start_of(_value(new, names))}"
        for each in _SHOWN
        if (old := getattr(before, each.name)) != (new := getattr(item, each.name))
    }


def _recipe_of(item: Item, names: Mapping[UUID, str]) -> dict[str, str]:
    """Return the recipe that an item is for, where a call is about several: it names them."""
    name = None if item.recipe_id is None else names.get(item.recipe_id)
    return {} if name is None else {"recipe": _start_of(name)}


def _loose_purchase(outcome: PurchaseOutcome, conflict: ErrorView | None) -> EntryView:
    purchase = outcome.purchase
    return EntryView(
        name=purchase.name,
        status=outcome.status,
        quantity=None if purchase.quantity is None else quantity_text(purchase.quantity),
        changes=_of_purchase(purchase, None, None) or None,
        similar=[*outcome.similar] or None,
        error=conflict,
    )


def _settlement(outcome: SettlementOutcome, names: Mapping[UUID, str]) -> EntryView:
    of = outcome.settlement
    people = {"from": names.get(of.payer), "to": names.get(of.payee)}
    changes = {word: name for word, name in people.items() if name is not None}
    return EntryView(name=of.in_words, status=outcome.status, changes=changes or None)


def _of_purchase(purchase: Purchase, item: Item | None, comes_back: date | None) -> dict[str, str]:
    is_as_listed = item is None or purchase.quantity is None or purchase.quantity == item.quantity
    values = {
        "quantity": None if is_as_listed else str(purchase.quantity),
        "store": purchase.store,
        "price": None if purchase.price is None else f"{purchase.price:.2f} {purchase.currency}",
        "comes_back": None if comes_back is None else comes_back.isoformat(),
    }
    return {word: value for word, value in values.items() if value is not None}


def _value(value: object, names: Mapping[UUID, str]) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, UUID):
        return names.get(value, FORMER_MEMBER)
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _start_of(text: str) -> str:
    return text if len(text) <= LONGEST_SENT else f"{text[: LONGEST_SENT - 1]}…"


def error_view(error: AppError) -> ErrorView:
    """Return a refusal as an entry of a result shows it."""
    return ErrorView(code=error.code, message=error.message, field=error.field, candidates=error.candidates or None)
