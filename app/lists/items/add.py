"""Adding items to a list: each entry is cleaned and parsed on its own, then all are stored together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID

from app.errors import AppError, Invalid, LimitReached
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.items.edits import refuse_all_if_one_fails
from app.lists.items.fields import (
    NAME_LENGTH,
    NOTE_LENGTH,
    GivenDetails,
    Item,
    ParsedItem,
    parse_details,
    parse_label,
    parse_quantity,
)
from app.lists.items.merging import Impossible, Plan, plan_add
from app.lists.items.save_repository import AddResult, insert_or_fetch
from app.lists.models import (
    GAP_BITS,
    ITEMS_PER_LIST,
    LINES_PER_NAME,
    Changed,
    ItemResult,
    OnDuplicate,
    Outcome,
    ShoppingList,
)
from app.lists.resolve_list import resolve_list
from app.quantities import Phrase, parse_phrase
from app.text import clean

_NO_LIST: Final = UUID(int=0)

Waiting = TypeVar("Waiting", Item, ParsedItem)


@dataclass(frozen=True, slots=True)
class NewItem(GivenDetails):
    """An entry as a call names it; without a quantity of its own, the name may carry one."""

    name: str


async def add_items(
    tenant: Tenant,
    entries: Sequence[str | NewItem],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    *,
    all_or_nothing: bool,
) -> Changed:
    """Add entries to a list; one that can't be used reports why, and the others still happen.

    An entry with a day that has come is added as one without a day.

    Raises `NotFound` for the list, and with `all_or_nothing` the first entry's refusal, before anything is stored.
    """
    members: Sequence[Member] = ()
    if any(isinstance(entry, NewItem) and entry.assignee is not None for entry in entries):
        members = await households.members_of(tenant.connection, tenant.household_id)
    parsed = [_parse(entry, f"items[{number}]", members) for number, entry in enumerate(entries)]
    items = [each for each in parsed if isinstance(each, ParsedItem)]
    # A refused entry must be reported in its place, so only a call without one is stored before looking at the list.
    new = _plan_new_lines(items, on_duplicate) if len(items) == len(parsed) else Plan()
    fresh = [change.after for change in new.changes.values()]
    found = await insert_or_fetch(tenant, list_name, {each.name_key for each in items}, fresh)
    clock, shopping_list = found.clock, found.on or await resolve_list(tenant, list_name)
    outcomes: Sequence[Outcome | AppError]
    if found.stored:
        outcomes = [
            _placed(each, clock.next_item, shopping_list.id) for each in new.outcomes if not isinstance(each, str)
        ]
        event_no = clock.next_event
    else:
        plan = _plan_beside(found, shopping_list, items, on_duplicate)
        outcomes = _outcomes(parsed, plan)
        refuse_all_if_one_fails(outcomes, all_or_nothing=all_or_nothing)
        event_no = await record_items(tenant, "add_items", clock, plan.changes.values())
    names = [entry if isinstance(entry, str) else entry.name for entry in entries]
    results = [ItemResult(*pair) for pair in zip(names, outcomes, strict=True)]
    return Changed([shopping_list], rev_after(clock, [shopping_list], event_no), results, event_no)


def _parse(entry: str | NewItem, field: str, members: Sequence[Member]) -> ParsedItem | AppError:
    try:
        return _parse_phrase(entry, field) if isinstance(entry, str) else _parse_details(entry, field, members)
    except AppError as refusal:
        return refusal


def _parse_phrase(text: str, field: str) -> ParsedItem:
    phrase = parse_phrase(clean(text, field, NAME_LENGTH + NOTE_LENGTH))
    name = clean(phrase.name, field, NAME_LENGTH)
    note = phrase.note and clean(phrase.note, field, NOTE_LENGTH)
    return ParsedItem(name, quantity=phrase.quantity, note=note)


def _parse_details(entry: NewItem, field: str, members: Sequence[Member]) -> ParsedItem:
    details = parse_details(entry, field, members)
    name: str = details.pop("name")
    if entry.quantity is None and entry.unit is None:
        phrase = parse_phrase(name)
    else:  # with a quantity of its own, the name is taken as it stands
        unit = None if entry.unit is None else parse_label(entry.unit, f"{field}.unit")
        number = Decimal(1) if entry.quantity is None else entry.quantity
        phrase = Phrase(name, parse_quantity(number, unit, f"{field}.quantity"))
    details.setdefault("note", phrase.note)
    return ParsedItem(phrase.name, quantity=phrase.quantity, **details)


def _plan_new_lines(items: Sequence[ParsedItem], on_duplicate: OnDuplicate) -> Plan:
    """Return the plan for a list that has none of the names, with numbers and positions from 0 and no list.

    It is empty where the outcome depends on the clock or the list.
    """
    if any(item.not_before is not None for item in items):
        return Plan()
    plan = plan_add((), items, on_duplicate, next_no=0, list_id=_NO_LIST)
    return plan if all(isinstance(each, Outcome) for each in plan.outcomes) else Plan()


def _placed(outcome: Outcome, first_no: int, list_id: UUID) -> Outcome:
    """Return an outcome of `_plan_new_lines` once its item stands on the list, with numbers from `first_no`."""
    item = outcome.item
    position = (first_no << GAP_BITS) + item.position
    return replace(outcome, item=replace(item, no=first_no + item.no, position=position, list_id=list_id))


def _plan_beside(found: AddResult, on: ShoppingList, items: Sequence[ParsedItem], on_duplicate: OnDuplicate) -> Plan:
    """Return the plan for entries beside the items that are on the list."""
    clock, today = found.clock, found.clock.now.date()
    alike = [_without_past_day(item, today) for item in found.alike]
    entries = [_without_past_day(item, today) for item in items]
    return plan_add(alike, entries, on_duplicate, clock.next_item, on.room, list_id=on.id)


def _without_past_day(item: Waiting, today: date) -> Waiting:
    return item if item.not_before is None or item.not_before > today else replace(item, not_before=None)


def _outcomes(parsed: Sequence[ParsedItem | AppError], plan: Plan) -> list[Outcome | AppError]:
    """Return an outcome or a refusal for each entry of the call, in its order."""
    planned = iter(plan.outcomes)
    outcomes: list[Outcome | AppError] = []
    for number, entry in enumerate(parsed):
        outcome = entry if isinstance(entry, AppError) else next(planned)
        outcomes.append(_refusal(outcome, f"items[{number}]") if isinstance(outcome, str) else outcome)
    return outcomes


def _refusal(reason: Impossible, field: str) -> AppError:
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
