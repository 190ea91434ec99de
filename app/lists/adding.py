"""Adding items to a list: each entry is cleaned and parsed on its own, then all are stored together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.activity import repository as activity
from app.errors import AppError, Invalid, LimitReached, NotFound
from app.households import repository as households
from app.households.membership import Member
from app.households.tenant import Tenant
from app.lists import changes, repository
from app.lists.merging import plan_add
from app.lists.model import (
    ITEMS_PER_LIST,
    LABEL_LENGTH,
    LINES_PER_NAME,
    NAME_LENGTH,
    NOTE_LENGTH,
    NoOutcome,
    OnDuplicate,
    Outcome,
    Plan,
    Priority,
    ShoppingList,
    Wanted,
)
from app.lists.naming import resolve_list
from app.lists.quantities import Phrase, make_quantity, parse_phrase
from app.text import clean, fold

LARGEST_PRICE: Final = Decimal("9999999999")


@dataclass(frozen=True, slots=True)
class NewItem:
    """An entry as it was asked for; only `name` must be there. `quantity` counts `unit`s, or pieces without one."""

    name: str
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


@dataclass(frozen=True, slots=True)
class Added:
    """What an add did: an outcome or a refusal for each entry, in order; `event_no` when anything was stored."""

    list: ShoppingList
    rev: int
    entries: Sequence[tuple[str, Outcome | AppError]]
    event_no: int | None


async def add_items(
    tenant: Tenant,
    entries: Sequence[str | NewItem],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    *,
    all_or_nothing: bool,
) -> Added:
    """Add entries to a list; one that can't be used reports why, and the others still happen.

    Raises `NotFound` for the list, and with `all_or_nothing` the first entry's refusal, before anything is stored.
    """
    shopping_list = await resolve_list(tenant, list_name)
    clock = await repository.read_clock(tenant)
    members = await _members(tenant, entries)
    read = [_read(entry, f"items[{number}]", members) for number, entry in enumerate(entries)]
    wanted = [entry for entry in read if isinstance(entry, Wanted)]
    existing = await repository.items_named(tenant, shopping_list.id, [entry.name_key for entry in wanted])
    room = await _room(tenant, shopping_list, clock.next_item, len(wanted))
    plan = plan_add(existing, wanted, on_duplicate, clock.next_item, room)
    outcomes = _outcomes(read, plan)
    if all_or_nothing and (refusal := next((each for each in outcomes if isinstance(each, AppError)), None)):
        raise refusal
    event_no = await _store(tenant, shopping_list, clock.rev, plan)
    names = [entry if isinstance(entry, str) else entry.name for entry in entries]
    rev = clock.rev if plan.changes else shopping_list.rev
    return Added(shopping_list, rev, list(zip(names, outcomes, strict=True)), event_no)


async def _store(tenant: Tenant, shopping_list: ShoppingList, rev: int, plan: Plan) -> int | None:
    """Store the planned changes with their event, and answer its number; None when there is nothing to store."""
    if not plan.changes:
        return None
    await repository.save_items(tenant, shopping_list.id, rev, [each.after for each in plan.changes.values()])
    recorded = changes.as_json(plan.changes.values())
    return await activity.insert_event(tenant, "add_items", shopping_list.id, recorded)


def _outcomes(read: Sequence[Wanted | AppError], plan: Plan) -> list[Outcome | AppError]:
    """An outcome or a refusal for each entry of the call, in its order."""
    planned = iter(plan.outcomes)
    outcomes: list[Outcome | AppError] = []
    for number, entry in enumerate(read):
        outcome = entry if isinstance(entry, AppError) else next(planned)
        outcomes.append(outcome if isinstance(outcome, Outcome | AppError) else _refusal(outcome, f"items[{number}]"))
    return outcomes


def _refusal(reason: NoOutcome, field: str) -> AppError:
    match reason:
        case "list_full":
            message = f"The list is full ({ITEMS_PER_LIST:,} items). Remove what was bought, or use another list."
            return LimitReached(message, field=field)
        case "too_many_alike":
            message = f"The list has {LINES_PER_NAME} open lines of this name. Merge some of them, or use another name."
            return LimitReached(message, field=field)
        case "too_much":
            message = f"With what is on the list, {field} would be over 100 billion."
            return Invalid(message, field=field)


async def _members(tenant: Tenant, entries: Sequence[str | NewItem]) -> list[Member]:
    if any(isinstance(entry, NewItem) and entry.assignee is not None for entry in entries):
        return await households.members_of(tenant.connection, tenant.household_id)
    return []


async def _room(tenant: Tenant, shopping_list: ShoppingList, next_item: int, wanted: int) -> int:
    """How many more items the list may hold; counted only where the household ever made that many."""
    if next_item + wanted <= ITEMS_PER_LIST:
        return wanted
    return ITEMS_PER_LIST - await repository.count_items(tenant, shopping_list.id)


def _read(entry: str | NewItem, field: str, members: Sequence[Member]) -> Wanted | AppError:
    try:
        return _wanted_from_phrase(entry, field) if isinstance(entry, str) else _wanted(entry, field, members)
    except AppError as refusal:
        return refusal


def _wanted_from_phrase(text: str, field: str) -> Wanted:
    phrase = parse_phrase(clean(text, field, NAME_LENGTH + NOTE_LENGTH))
    return Wanted(
        name=clean(phrase.name, field, NAME_LENGTH),
        quantity=phrase.quantity,
        note=phrase.note and clean(phrase.note, field, NOTE_LENGTH),
    )


def _wanted(entry: NewItem, field: str, members: Sequence[Member]) -> Wanted:
    name = clean(entry.name, f"{field}.name", NAME_LENGTH)
    # With an amount of its own, the name is taken as it stands; otherwise it may carry one: "2 kg flour".
    has_amount = entry.quantity is not None or entry.unit is not None
    phrase = Phrase(name) if has_amount else parse_phrase(name)
    quantity = phrase.quantity
    if has_amount:
        unit = _label(entry.unit, f"{field}.unit")
        quantity = make_quantity(Decimal(1) if entry.quantity is None else entry.quantity, unit)
        if quantity is None:
            raise Invalid(f"{field}.quantity must be above 0 and at most 100 billion.", field=f"{field}.quantity")
    note = phrase.note if entry.note is None else clean(entry.note, f"{field}.note", NOTE_LENGTH, multiline=True)
    return Wanted(
        name=phrase.name,
        quantity=quantity,
        note=note,
        category=_label(entry.category, f"{field}.category"),
        store=_label(entry.store, f"{field}.store"),
        assignee_id=_assignee(entry.assignee, f"{field}.assignee", members),
        priority=entry.priority,
        price=_price(entry.price, f"{field}.price"),
        not_before=entry.not_before,
        repeat_days=_repeat(entry.repeat_every_days, f"{field}.repeat_every_days"),
    )


def _label(text: str | None, field: str) -> str | None:
    return None if text is None else clean(text, field, LABEL_LENGTH)


def _price(price: Decimal | None, field: str) -> Decimal | None:
    if price is None:
        return None
    if not price.is_finite() or not 0 <= price <= LARGEST_PRICE:
        raise Invalid(f"{field} must be between 0 and {LARGEST_PRICE:,}.", field=field)
    return price.quantize(Decimal("0.01"))


def _repeat(days: int | None, field: str) -> int | None:
    if days is not None and not 1 <= days <= 3650:
        raise Invalid(f"{field} must be between 1 and 3650 days.", field=field)
    return days


def _assignee(name: str | None, field: str, members: Sequence[Member]) -> UUID | None:
    if name is None:
        return None
    found = [member for member in members if fold(member.name) == fold(name)]
    if len(found) != 1:
        message = f"{field} must be the name of one member of the household."
        raise NotFound(message, field=field, candidates=[member.name for member in members])
    return found[0].person_id
