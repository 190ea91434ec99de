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
from app.lists.items.habit_repository import find_habits, save_habits
from app.lists.items.habits import HabitChange, Lesson, learn, lesson_of
from app.lists.items.resolve import resolve_item_alone, resolve_items
from app.lists.models import Changed, ItemResult, Outcome, RefusedEntry
from app.lists.repository import Clock
from app.quantities import LARGEST, Quantity
from app.quantities.merge_key import merge_key

Answer = TypeVar("Answer")

_NamedLesson = tuple[str, Lesson]
"""What is to be remembered of a name, with the name's key."""

_NAMES: Final = {**{each.word: each.name for each in DETAILS}, "unit": "quantity", "quantity_delta": "quantity"}
"""The field of an item behind each argument."""


@dataclass(frozen=True, slots=True)
class Update(GivenDetails):
    """What to change of one item; None leaves a detail as it is, `clear` names the ones to clear. `quantity_delta` is
    added to the quantity, and counts `unit`s, else those of the item."""

    item: str
    name: str | None = None
    quantity_delta: Decimal | None = None
    clear: Sequence[str] = ()

    def named(self) -> list[str]:
        """Return the arguments that set or clear a detail."""
        return [word for word in _NAMES if word in self.clear or getattr(self, word, None) is not None]


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
    edits, lessons = Edits(named.found()), list[_NamedLesson]()
    today = tenant.membership.day_of(clock.now)
    entries = [
        ItemResult(update.name, update.refusal)
        if isinstance(update, RefusedEntry)
        else _update(
            edits, item, _without_past_day(update, today), f"items[{number}]", members, if_rev, lessons, dry_run
        )
        for number, (item, update) in enumerate(zip(named.items, updates, strict=True))
    ]
    refuse_all_if_one_fails((entry.result for entry in entries), all_or_nothing=all_or_nothing)
    await settle(tenant, edits)
    event_no = None
    if not dry_run:
        learned = await _learn(tenant, clock, lessons)
        event_no = await record_items(tenant, "update_items", clock, await edits.changes(), others=learned)
    lists = await lists_of_call(tenant, named.on, named.found())
    names = {member.person_id: member.name for member in members}
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no, names=names)


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
    or assigns the item, or teaches something, or another process is writing to the household.
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
        edits, lessons = Edits([item]), list[_NamedLesson]()
        update = _without_past_day(update, household.membership.day_of(found.clock.now))
        entry = _update(edits, item, update, "items[0]", (), if_rev, lessons)
        if isinstance(entry.result, AppError) or lessons:
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
    lessons: list[_NamedLesson],
    dry_run: bool = False,
) -> ItemResult:
    """Note what becomes of an item in `edits`, and in `lessons` what is to be remembered of its name."""
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
    if lesson := lesson_of(now, after, keeps_number=_keeps_number(now, update)):
        lessons.append((after.name_key, lesson))
    return ItemResult(update.item, update_outcome(now, after, dry_run=dry_run))


def _keeps_number(item: Item, update: Update) -> bool:
    """Whether an update leaves the number of an item as it is, or names none for one without."""
    if update.quantity_delta is not None:
        return False
    if update.quantity is None:
        return "quantity" not in update.clear
    return item.quantity is not None and update.quantity == item.quantity.shown


async def _learn(tenant: Tenant, clock: Clock, lessons: Sequence[_NamedLesson]) -> Sequence[HabitChange]:
    if not lessons:
        return ()
    learned = learn(await find_habits(tenant, [name_key for name_key, _ in lessons]), lessons)
    await save_habits(tenant, clock.rev, learned)
    return learned


def update_outcome(before: Item, after: Item, *, dry_run: bool) -> Outcome:
    """Return what became of an updated item, or with `dry_run` would."""
    status = "unchanged" if after == before else "would_update" if dry_run else "updated"
    return Outcome(status, after, before=before if after != before else None)


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
    both = next((word for word in update.clear if getattr(update, word, None) is not None), None)
    if both is not None:
        raise Invalid(f"{prefix}{both} is set and cleared at once; do one of the two.", field=f"{prefix}{both}")
    cleared: dict[str, Any] = {_NAMES[word]: None for word in update.clear if word != "unit"}
    return {**cleared, **parse_details(update, prefix, members)}


def _with_quantity(item: Item, update: Update, field: str) -> Item:
    """Return the item with its quantity set in part or whole: a number keeps the unit, and a unit the number."""
    if update.quantity_delta is not None:
        return replace(item, quantity=_more_or_less(item, update.quantity_delta, update, field))
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


def _more_or_less(item: Item, delta: Decimal, update: Update, field: str) -> Quantity:
    """Return the item's quantity with `delta` added. An item without one counts as one piece.

    Raises `Invalid` where nothing or less would be left, and for a unit of another measure.
    """
    argument = f"{field}.quantity_delta"
    if update.quantity is not None or not {"quantity", "unit"}.isdisjoint(update.clear):
        raise Invalid(f"{argument} changes the quantity that is there; don't set or clear it as well.", field=argument)
    unit = None if update.unit is None else parse_label(update.unit, f"{field}.unit")
    old = item.quantity or parse_quantity(Decimal(1), None, argument)
    change = parse_quantity(abs(delta), unit or old.unit, argument)
    if change.measure != old.measure:
        message = f"{item.ref} has {old}. To add or take away another measure, set quantity and unit instead."
        raise Invalid(message, field=f"{field}.unit")
    if delta > 0:
        more = old.plus(change)
        return parse_quantity(more.shown, more.unit, argument) if more.amount > LARGEST else more
    less = replace(old, amount=old.amount - change.amount)
    if less.amount <= 0 or less.shown <= 0:
        message = f"{item.ref} has {old}, so {argument} would leave nothing. remove_items takes it off the list."
        raise Invalid(message, field=argument)
    return less


def current_values(item: Item, update: Update, members: Sequence[Member]) -> Mapping[str, str]:
    """Return what the item says in the details that an update names, by argument."""
    values: dict[str, object] = {
        "quantity" if _NAMES[word] == "quantity" else word: getattr(item, _NAMES[word]) for word in update.named()
    }
    if "assignee" in values:
        values["assignee"] = next((each.name for each in members if each.person_id == item.assignee_id), None)
    return {word: str(value) for word, value in values.items() if value is not None}
