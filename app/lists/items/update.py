"""Overwriting details of items that are named one by one: these are set or cleared, and the rest stays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from app.errors import AppError, Conflict, Invalid
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import ProvenHousehold, Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after, save_answered
from app.lists.items.edits import Edits, refuse_all_if_one_fails, settle, settle_variants
from app.lists.items.fields import DETAILS, GivenDetails, Item, parse_details, parse_label, parse_quantity
from app.lists.items.resolve import resolve_item_alone, resolve_items
from app.lists.models import Changed, ItemResult, Outcome, RefusedEntry
from app.quantities.merge_key import merge_key

Answer = TypeVar("Answer")

_NAMES: Final = {**{each.word: each.name for each in DETAILS}, "unit": "quantity"}
"""The field of an item behind each argument."""


@dataclass(frozen=True, slots=True)
class Update(GivenDetails):
    """What to change of one item; None leaves a detail as it is, `clear` names the ones to clear."""

    item: str
    name: str | None = None
    clear: Sequence[str] = ()

    def named(self) -> list[str]:
        """Return the arguments that set or clear a detail."""
        return [word for word in _NAMES if word in self.clear or getattr(self, word) is not None]


async def update_items(
    tenant: Tenant,
    updates: Sequence[Update | RefusedEntry],
    list_name: str | None,
    if_rev: int | None,
    *,
    dry_run: bool = False,
    all_or_nothing: bool,
) -> Changed:
    """Change details of items; with `if_rev`, only of those that have not changed since that revision, and with
    `dry_run` of none: then the result says what would be changed.

    Raises `NotFound` for the list, and with `all_or_nothing` the refusals of entries, before anything is stored.
    """
    names = [each if isinstance(each, RefusedEntry) else each.item for each in updates]
    named = await resolve_items(tenant, names, list_name, field="items[{}].item")
    clock = await repository.read_clock(tenant)
    members: Sequence[Member] = ()
    if any(isinstance(update, Update) and "assignee" in update.named() for update in updates):
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    edits = Edits(named.found())
    today = clock.now.date()
    entries = [
        ItemResult(update.name, update.refusal)
        if isinstance(update, RefusedEntry)
        else _update(edits, item, _without_past_day(update, today), f"items[{number}]", members, if_rev, dry_run)
        for number, (item, update) in enumerate(zip(named.items, updates, strict=True))
    ]
    refuse_all_if_one_fails((entry.result for entry in entries), all_or_nothing=all_or_nothing)
    await settle(tenant, edits)
    event_no = None if dry_run else await record_items(tenant, "update_items", clock, await edits.changes())
    lists = await lists_of_call(tenant, named.on, named.found())
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


async def update_item_alone(
    household: ProvenHousehold,
    updates: Sequence[Update | RefusedEntry],
    list_name: str | None,
    if_rev: int | None,
    answer: Callable[[Changed], Answer],
) -> Answer | None:
    """Change details of one item as `update_items` does, without a transaction around it: by reading it, and storing it
    if nothing has changed since. Return what `answer` makes of the result, before anything is stored.

    None, with nothing stored, where that is not possible: there are several updates, or one that is refused, renames
    or assigns the item, or another process is writing to the household.
    """
    if len(updates) != 1 or isinstance(updates[0], RefusedEntry):
        return None
    update = updates[0]
    if update.name is not None or "assignee" in update.named():
        return None
    with await household.take_turn():
        resolved = await resolve_item_alone(household, update.item, list_name, field="items[0].item")
        if resolved is None:
            return None
        item, found = resolved
        edits = Edits([item])
        entry = _update(edits, item, _without_past_day(update, found.clock.now.date()), "items[0]", (), if_rev)
        if isinstance(entry.result, AppError):
            return None
        try:
            edits.put_all(await settle_variants(await edits.changed(), found.namesakes))
        except AppError:
            return None
        return await save_answered(household, "update_items", found, await edits.changes(), [entry], answer)


def _without_past_day(update: Update, today: date) -> Update:
    """Return an update to a day that has come as one that clears the day: there is nothing to wait for."""
    if update.not_before is None or update.not_before > today:
        return update
    return replace(update, not_before=None, clear=(*update.clear, "not_before"))


def _update(
    edits: Edits,
    item: Item | AppError,
    update: Update,
    field: str,
    members: Sequence[Member],
    if_rev: int | None,
    dry_run: bool = False,
) -> ItemResult:
    if isinstance(item, AppError):
        return ItemResult(update.item, item)
    if if_rev is not None and item.rev > if_rev:
        refusal = changed_since(item, if_rev, field)
        return ItemResult(update.item, refusal, ref=item.ref, current=current_values(item, update, members))
    now = edits.now(item.id)
    try:
        after = _updated(now, update, field, members)
    except AppError as refusal:
        return ItemResult(update.item, refusal, ref=item.ref)
    edits.put(after)
    return ItemResult(update.item, update_outcome(now, after, dry_run=dry_run))


def update_outcome(before: Item, after: Item, *, dry_run: bool) -> Outcome:
    """Return what became of an updated item, or with `dry_run` would."""
    status = "unchanged" if after == before else "would_update" if dry_run else "updated"
    return Outcome(status, after, previous=before.quantity if before.quantity != after.quantity else None)


def changed_since(item: Item, rev: int, field: str | None) -> Conflict:
    """Return the refusal of an item that someone changed after the revision that the caller saw."""
    return Conflict(f"{item.ref} has changed since rev {rev}; `current` has what it says now.", field=field)


def _updated(item: Item, update: Update, field: str, members: Sequence[Member]) -> Item:
    after = replace(item, **new_values(update, f"{field}.", members))
    return _with_quantity(replace(after, name_key=merge_key(after.name)), update, field)


def new_values(update: Update, prefix: str, members: Sequence[Member]) -> dict[str, Any]:
    """Return the fields that an update sets or clears, without the number and the unit that it sets.

    Raises `Invalid` or `NotFound`, naming the argument by its word behind `prefix`.
    """
    both = next((word for word in update.clear if getattr(update, word) is not None), None)
    if both is not None:
        raise Invalid(f"{prefix}{both} is set and cleared at once; do one of the two.", field=f"{prefix}{both}")
    cleared: dict[str, Any] = {_NAMES[word]: None for word in update.clear if word != "unit"}
    return {**cleared, **parse_details(update, prefix, members)}


def _with_quantity(item: Item, update: Update, field: str) -> Item:
    """Return the item with its quantity set in part or whole: a number keeps the unit, and a unit the number."""
    if update.quantity is None and update.unit is None and "unit" not in update.clear:
        return item
    old = item.quantity
    if old is None and update.quantity is None and update.unit is None:
        return item  # no unit to clear
    number = update.quantity if update.quantity is not None else old.shown if old is not None else Decimal(1)
    unit = None if update.unit is None else parse_label(update.unit, f"{field}.unit")
    if unit is None and old is not None and "unit" not in update.clear:
        unit = old.unit
    if old is not None and (number, unit) == (old.shown, old.unit):
        return item  # the number shown is rounded; keep the exact one
    return replace(item, quantity=parse_quantity(number, unit, f"{field}.quantity"))


def current_values(item: Item, update: Update, members: Sequence[Member]) -> Mapping[str, str]:
    """Return what the item says in the details that an update names, by argument."""
    values: dict[str, object] = {
        "quantity" if word == "unit" else word: getattr(item, _NAMES[word]) for word in update.named()
    }
    if "assignee" in values:
        values["assignee"] = next((each.name for each in members if each.person_id == item.assignee_id), None)
    return {word: str(value) for word, value in values.items() if value is not None}
