"""Overwriting details of items: what is named is set, what is cleared is gone, and the rest stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from app.errors import AppError, Conflict, Invalid
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_meant, record_items, rev_after
from app.lists.items import fields
from app.lists.items import repository as item_repository
from app.lists.items.edits import Edits, refuse_all_if_one_fails, settle_variants
from app.lists.items.resolve import resolve_items
from app.lists.models import Changed, Item, ItemResult, Outcome, ParsedItem, Priority

Clearable = Literal[
    "quantity",
    "unit",
    "note",
    "category",
    "store",
    "assignee",
    "priority",
    "price",
    "not_before",
    "repeat_every_days",
]

STORED_AS: Final[Mapping[str, str]] = {"assignee": "assignee_id", "repeat_every_days": "repeat_days"}
"""Details whose field of an item has another name; quantity and unit are one field."""


@dataclass(frozen=True, slots=True)
class Update:
    """What to change of one item; None leaves a detail as it is, `clear` names those to take away."""

    item: str
    name: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    note: str | None = None
    category: str | None = None
    store: str | None = None
    assignee: str | None = None
    priority: Priority | None = None
    price: Decimal | None = None
    not_before: date | None = None
    repeat_every_days: int | None = None
    clear: Sequence[Clearable] = ()

    def named(self) -> list[str]:
        """The details that it sets or clears."""
        return [name for name in _DETAILS if name in self.clear or getattr(self, name) is not None]


_DETAILS: Final = tuple(name for name in Update.__slots__ if name not in ("item", "clear"))


async def update_items(
    tenant: Tenant, updates: Sequence[Update], list_name: str | None, if_rev: int | None, *, all_or_nothing: bool
) -> Changed:
    """Change details of items; with `if_rev`, only of those that have not changed since that revision.

    Raises `NotFound` for the list, and with `all_or_nothing` the first entry's refusal, before anything is stored.
    """
    named = await resolve_items(tenant, [each.item for each in updates], list_name, field="items[{}].item")
    clock = await repository.read_clock(tenant)
    members = await _members(tenant, updates)
    edits = Edits(named.found())
    entries = [
        _entry(edits, item, _awake(update, clock.now.date()), f"items[{number}]", members, if_rev)
        for number, (item, update) in enumerate(zip(named.items, updates, strict=True))
    ]
    refuse_all_if_one_fails((entry.result for entry in entries), all_or_nothing=all_or_nothing)
    edits.put_all(settle_variants(edits.changed(), await item_repository.open_namesakes(tenant, edits.changed())))
    event_no = await record_items(tenant, "update_items", clock, edits.changes())
    lists = await lists_meant(tenant, named.on, named.found())
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


def _awake(update: Update, today: date) -> Update:
    """An update to a day that has come is one to no day: there is nothing to wait for."""
    if update.not_before is None or update.not_before > today:
        return update
    return replace(update, not_before=None, clear=(*update.clear, "not_before"))


async def _members(tenant: Tenant, updates: Sequence[Update]) -> list[Member]:
    if any("assignee" in update.named() for update in updates):
        return await households.members_of(tenant.connection, tenant.household_id)
    return []


def _entry(
    edits: Edits, item: Item | AppError, update: Update, field: str, members: Sequence[Member], if_rev: int | None
) -> ItemResult:
    if isinstance(item, AppError):
        return ItemResult(update.item, item)
    if if_rev is not None and item.rev > if_rev:
        refusal = Conflict(f"{item.ref} has changed since rev {if_rev}; `current` has what it says now.", field=field)
        return ItemResult(update.item, refusal, ref=item.ref, current=_values(item, update.named(), members))
    now = edits.now(item.id)
    try:
        after = _updated(now, update, field, members)
    except AppError as refusal:
        return ItemResult(update.item, refusal, ref=item.ref)
    edits.put(after)
    was = now.quantity if now.quantity != after.quantity else None
    return ItemResult(update.item, Outcome("updated" if after != now else "unchanged", after, was=was))


def _updated(item: Item, update: Update, field: str, members: Sequence[Member]) -> Item:
    both = next((name for name in update.clear if getattr(update, name) is not None), None)
    if both is not None:
        raise Invalid(f"{field}.{both} is set and cleared at once; do one of the two.", field=f"{field}.{both}")
    values: dict[str, Any] = {
        "name": fields.item_name(update.name, f"{field}.name") if update.name is not None else None,
        "note": fields.item_note(update.note, f"{field}.note"),
        "category": fields.label(update.category, f"{field}.category"),
        "store": fields.label(update.store, f"{field}.store"),
        "assignee_id": fields.assignee(update.assignee, f"{field}.assignee", members),
        "priority": update.priority,
        "price": fields.price(update.price, f"{field}.price"),
        "not_before": update.not_before,
        "repeat_days": fields.repetition(update.repeat_every_days, f"{field}.repeat_every_days"),
    }
    cleared = {STORED_AS.get(name, name): None for name in update.clear if name != "unit"}
    given = {name: value for name, value in values.items() if value is not None}
    after = replace(item, **{**cleared, **given})
    after = replace(after, name_key=ParsedItem(after.name).name_key)
    return _with_quantity(after, update, field)


def _with_quantity(item: Item, update: Update, field: str) -> Item:
    """The item with its quantity set in part or whole: a number keeps the unit, and a unit the number."""
    if update.quantity is None and update.unit is None and "unit" not in update.clear:
        return item
    old = item.quantity
    if old is None and update.quantity is None and update.unit is None:
        return item  # no unit to clear
    number = update.quantity if update.quantity is not None else old.shown if old is not None else Decimal(1)
    unit = fields.label(update.unit, f"{field}.unit")
    if unit is None and old is not None and "unit" not in update.clear:
        unit = old.unit
    if old is not None and (number, unit) == (old.shown, old.unit):
        return item  # rounded for showing, exact as it is kept
    return replace(item, quantity=fields.quantity(number, unit, f"{field}.quantity"))


def _values(item: Item, names: Sequence[str], members: Sequence[Member]) -> Mapping[str, str]:
    """What the item says in the details that an update names."""
    values: dict[str, object] = {name: getattr(item, STORED_AS.get(name, name), None) for name in names}
    if "unit" in values or "quantity" in values:
        values.pop("unit", None)
        values["quantity"] = item.quantity
    if "assignee" in values:
        values["assignee"] = next((each.name for each in members if each.person_id == item.assignee_id), None)
    return {name: str(value) for name, value in values.items() if value is not None}
