"""Adding items to a list: each entry is cleaned and parsed on its own, then all are stored together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID

from app.errors import AppError, Invalid, LimitReached
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.items import fields
from app.lists.items.add_repository import AddResult, insert_or_fetch
from app.lists.items.edits import refuse_all_if_one_fails
from app.lists.items.merging import plan_add
from app.lists.models import (
    GAP_BITS,
    ITEMS_PER_LIST,
    LINES_PER_NAME,
    NAME_LENGTH,
    NOTE_LENGTH,
    Changed,
    Item,
    ItemResult,
    NoOutcome,
    OnDuplicate,
    Outcome,
    ParsedItem,
    Plan,
    Priority,
    ShoppingList,
)
from app.lists.resolve_list import resolve_list
from app.quantities import Phrase, parse_phrase
from app.text import clean

Waiting = TypeVar("Waiting", Item, ParsedItem)


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


async def add_items(
    tenant: Tenant,
    entries: Sequence[str | NewItem],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    *,
    all_or_nothing: bool,
) -> Changed:
    """Add entries to a list; one that can't be used reports why, and the others still happen.

    An entry for a day that has come waits for nothing.

    Raises `NotFound` for the list, and with `all_or_nothing` the first entry's refusal, before anything is stored.
    """
    members = await _members(tenant, entries)
    read = [_read(entry, f"items[{number}]", members) for number, entry in enumerate(entries)]
    wanted = [each for each in read if isinstance(each, ParsedItem)]
    # What is refused is told in the order of the entries, so that a draft is only for calls that are good throughout.
    draft = plan_add_blind(wanted, on_duplicate) if len(wanted) == len(read) else AddPlan()
    ground = await insert_or_fetch(tenant, list_name, [each.name_key for each in wanted], draft.items)
    clock, shopping_list = ground.clock, ground.on or await resolve_list(tenant, list_name)
    outcomes: Sequence[Outcome | AppError]
    if ground.stored:
        outcomes, event_no = draft.placed(clock.next_item, shopping_list.id), clock.next_event
    else:
        plan = _plan(ground, shopping_list, wanted, on_duplicate)
        outcomes = _outcomes(read, plan)
        refuse_all_if_one_fails(outcomes, all_or_nothing=all_or_nothing)
        event_no = await record_items(tenant, "add_items", clock, plan.changes.values())
    names = [entry if isinstance(entry, str) else entry.name for entry in entries]
    results = [ItemResult(*pair) for pair in zip(names, outcomes, strict=True)]
    return Changed([shopping_list], rev_after(clock, [shopping_list], event_no), results, event_no)


def _plan(ground: AddResult, on: ShoppingList, wanted: Sequence[ParsedItem], on_duplicate: OnDuplicate) -> Plan:
    """What becomes of the entries beside what is on the list."""
    clock, today = ground.clock, ground.clock.now.date()
    alike = [_awake(item, today) for item in ground.alike]
    entries = [_awake(each, today) for each in wanted]
    return plan_add(alike, entries, on_duplicate, clock.next_item, on.room, list_id=on.id)


def _outcomes(read: Sequence[ParsedItem | AppError], plan: Plan) -> list[Outcome | AppError]:
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


def _awake(thing: Waiting, today: date) -> Waiting:
    """The item or entry without a day to wait for that has come."""
    return thing if thing.not_before is None or thing.not_before > today else replace(thing, not_before=None)


def _read(entry: str | NewItem, field: str, members: Sequence[Member]) -> ParsedItem | AppError:
    try:
        return _wanted_from_phrase(entry, field) if isinstance(entry, str) else _wanted(entry, field, members)
    except AppError as refusal:
        return refusal


def _wanted_from_phrase(text: str, field: str) -> ParsedItem:
    phrase = parse_phrase(clean(text, field, NAME_LENGTH + NOTE_LENGTH))
    return ParsedItem(
        name=clean(phrase.name, field, NAME_LENGTH),
        quantity=phrase.quantity,
        note=phrase.note and clean(phrase.note, field, NOTE_LENGTH),
    )


def _wanted(entry: NewItem, field: str, members: Sequence[Member]) -> ParsedItem:
    name = fields.item_name(entry.name, f"{field}.name")
    # With an amount of its own, the name is taken as it stands; otherwise it may carry one: "2 kg flour".
    has_amount = entry.quantity is not None or entry.unit is not None
    phrase = Phrase(name) if has_amount else parse_phrase(name)
    quantity = phrase.quantity
    if has_amount:
        unit = fields.label(entry.unit, f"{field}.unit")
        number = Decimal(1) if entry.quantity is None else entry.quantity
        quantity = fields.quantity(number, unit, f"{field}.quantity")
    note = phrase.note if entry.note is None else fields.item_note(entry.note, f"{field}.note")
    return ParsedItem(
        name=phrase.name,
        quantity=quantity,
        note=note,
        category=fields.label(entry.category, f"{field}.category"),
        store=fields.label(entry.store, f"{field}.store"),
        assignee_id=fields.assignee(entry.assignee, f"{field}.assignee", members),
        priority=entry.priority,
        price=fields.price(entry.price, f"{field}.price"),
        not_before=entry.not_before,
        repeat_days=fields.repetition(entry.repeat_every_days, f"{field}.repeat_every_days"),
    )


_NO_LIST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class AddPlan:
    """New items, with numbers and positions that count from 0 and no list yet, and what becomes of each entry.

    Without items there is nothing that could be stored as it is.
    """

    items: Sequence[Item] = ()
    outcomes: Sequence[Outcome] = field(default=())

    def placed(self, first_no: int, list_id: UUID) -> list[Outcome]:
        """What became of each entry, once the items stand on the list with numbers from `first_no`."""
        return [replace(outcome, item=_placed(outcome.item, first_no, list_id)) for outcome in self.outcomes]


def plan_add_blind(wanted: Sequence[ParsedItem], on_duplicate: OnDuplicate) -> AddPlan:
    """The draft of an add; an empty one where it takes a look at the clock or the list to know what becomes of it."""
    if any(entry.not_before is not None for entry in wanted):
        return AddPlan()
    plan = plan_add((), wanted, on_duplicate, next_no=0, list_id=_NO_LIST)
    outcomes = [outcome for outcome in plan.outcomes if isinstance(outcome, Outcome)]
    if len(outcomes) < len(plan.outcomes):
        return AddPlan()
    return AddPlan([change.after for change in plan.changes.values()], outcomes)


def _placed(item: Item, first_no: int, list_id: UUID) -> Item:
    return replace(item, no=first_no + item.no, position=(first_no << GAP_BITS) + item.position, list_id=list_id)
