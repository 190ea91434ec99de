"""Overwriting details of every item that a filter fits, multiplying its amount, or showing it in another unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from app.errors import AppError, Invalid
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after
from app.lists.items.edits import Edits, changed_first, refuse_all_if_one_fails
from app.lists.items.fields import LABEL_LENGTH, Item
from app.lists.items.filters import ItemFilter, find_matching
from app.lists.items.habit_repository import find_habits, save_habits
from app.lists.items.habits import HabitChange, follow
from app.lists.items.update import Update, changed_since, current_values, new_values, update_outcome
from app.lists.models import Change, Changed, ItemResult
from app.lists.repository import Clock
from app.quantities import Quantity, find_size_unit
from app.runtime.batches import map_in_batches

LARGEST_FACTOR: Final = 1_000

FITTING: Final = "auto"
"""In place of a unit: the one that fits each amount."""

Convert = Callable[[Quantity], Quantity]


@dataclass(frozen=True, slots=True)
class BulkUpdate:
    """What to change of every item; None leaves a detail as it is, `clear` names the ones to clear. Nothing that tells
    lines apart is among them, so that none of them meets another one.

    `quantity_factor` multiplies amounts; items without one stay as they are. `convert_to` is the unit to show amounts
    in, or `FITTING`; the amounts stay the same. Items of another measure stay as they are.
    """

    store: str | None = None
    category: str | None = None
    assignee: str | None = None
    clear: Sequence[str] = ()
    convert_to: str | None = None
    quantity_factor: Decimal | None = None

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self.clear) or any(
            each is not None
            for each in (self.store, self.category, self.assignee, self.convert_to, self.quantity_factor)
        )


async def update_matching(
    tenant: Tenant,
    by: ItemFilter,
    change: BulkUpdate,
    list_name: str | None,
    if_rev: int | None,
    *,
    dry_run: bool,
    all_or_nothing: bool,
) -> Changed:
    """Change every item that a filter fits; with `if_rev`, only those that have not changed since that revision, and
    with `dry_run` none: then the result says what would be changed. What is changed comes first in the result.

    Raises `Invalid` for a value or when there is nothing to change, `NotFound` for the list, a member, and a filter
    that fits nothing, and with `all_or_nothing` the items' refusals.
    """
    if not change:
        raise Invalid(
            "Nothing to change: give set_store, set_category, set_assignee, quantity_factor, clear or convert_to."
        )
    _check_factor(change.quantity_factor)
    convert = _conversion(change.convert_to)
    on, found = await find_matching(tenant, by, list_name)
    clock = await repository.read_clock(tenant)
    members: Sequence[Member] = ()
    if change.assignee is not None or "assignee" in change.clear:
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    update = Update(
        "", store=change.store, category=change.category, assignee=change.assignee, clear=tuple(change.clear)
    )
    values = new_values(update, "set_", members)
    edits = Edits(found)

    def update_one(item: Item) -> ItemResult:
        if if_rev is not None and item.rev > if_rev:
            refusal = changed_since(item, if_rev, None)
            return ItemResult(item.name, refusal, ref=item.ref, current=current_values(item, update, members))
        after = replace(item, **values)
        if after.quantity is not None:
            try:
                quantity = _multiplied(after.quantity, change.quantity_factor)
            except AppError as refusal:
                return ItemResult(item.name, refusal, ref=item.ref)
            after = replace(after, quantity=convert(quantity))
        edits.put(after)
        return ItemResult(item.name, update_outcome(item, after, dry_run=dry_run))

    entries = await map_in_batches(update_one, found)
    refuse_all_if_one_fails([entry.result for entry in entries], all_or_nothing=all_or_nothing)
    event_no = None
    if not dry_run:
        changes = await edits.changes()
        learned = await _follow(tenant, clock, update, changes)
        event_no = await record_items(tenant, "update_items", clock, changes, others=learned)
    lists = await lists_of_call(tenant, on, found)
    names = {member.person_id: member.name for member in members}
    return Changed(lists, rev_after(clock, lists, event_no), changed_first(entries), event_no, names=names)


def _check_factor(factor: Decimal | None) -> None:
    if factor is not None and not 0 < factor <= LARGEST_FACTOR:
        raise Invalid(f"quantity_factor must be above 0 and at most {LARGEST_FACTOR:,}.", field="quantity_factor")


def _multiplied(quantity: Quantity, factor: Decimal | None) -> Quantity:
    product = quantity if factor is None else quantity.times(factor)
    if product is None:
        message = f"{quantity} times {factor} is too little or too much to count."
        raise Invalid(message, field="quantity_factor")
    return product


async def _follow(tenant: Tenant, clock: Clock, update: Update, changes: Sequence[Change]) -> Sequence[HabitChange]:
    """Bring what is remembered of the changed items' names up to date."""
    if not {"store", "category"}.intersection(update.named()):
        return ()
    known = await find_habits(tenant, [change.after.name_key for change in changes])
    pairs = [(change.before, change.after) for change in changes if change.before is not None]
    learned = follow(known, pairs) if known else []
    await save_habits(tenant, clock.rev, learned)
    return learned


def _conversion(unit: str | None) -> Convert:
    if unit is None:
        return lambda quantity: quantity
    if unit == FITTING:
        return Quantity.in_fitting_unit
    known = find_size_unit(unit) if len(unit) <= LABEL_LENGTH else None
    if known is None:
        message = f"convert_to must be a unit of weight, volume or length such as kg, or {FITTING}."
        raise Invalid(message, field="convert_to", candidates=[FITTING, "g", "kg", "ml", "l", "cm", "m"])
    return lambda quantity: quantity.in_unit(known)
