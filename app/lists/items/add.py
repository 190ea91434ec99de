"""Adding items to a list: each entry is cleaned and parsed on its own, then all are stored together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from app.errors import AppError, Invalid, LimitReached
from app.households import repository as households
from app.households.models import Member, Membership
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.history.changes import as_json
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.items.add_repository import AddSituation, find_for_add, insert_alone, read_for_add_alone
from app.lists.items.edits import assignee_names, is_reassigned, refuse_all_if_one_fails
from app.lists.items.expectations import Expected, expectations
from app.lists.items.fields import (
    NAME_LENGTH,
    NOTE_LENGTH,
    GivenDetails,
    Item,
    ParsedItem,
    fold_notes,
    parse_details,
    parse_label,
    parse_note,
    parse_quantity,
)
from app.lists.items.habits import Habits, with_unit
from app.lists.items.merging import Impossible, Plan, plan_add, plan_one
from app.lists.items.pasted_text import PastedLine
from app.lists.items.save_repository import next_item_after, save_alone
from app.lists.models import (
    ITEMS_PER_CALL,
    ITEMS_PER_LIST,
    LINES_PER_NAME,
    Changed,
    ItemResult,
    OnDuplicate,
    Outcome,
    RefusedEntry,
    ShoppingList,
)
from app.quantities import Phrase, parse_phrase
from app.quantities.marks import remove_mark
from app.runtime.batches import map_texts
from app.text import clean, fold

Answer = TypeVar("Answer")
Waiting = TypeVar("Waiting", Item, ParsedItem)


@dataclass(frozen=True, slots=True)
class NewItem(GivenDetails):
    """An entry as a call names it; without a quantity of its own, the name may carry one."""

    name: str


NewEntry = str | PastedLine | NewItem | RefusedEntry


async def add_items(
    tenant: Tenant,
    entries: Sequence[NewEntry],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    *,
    all_or_nothing: bool,
) -> Changed:
    """Add entries to a list; one that can't be used reports why, and the others still happen.

    An entry with a day that has come is added as one without a day.

    Raises `NotFound` for the list, and with `all_or_nothing` the refusals of entries, before anything is stored.
    """
    if len(entries) > ITEMS_PER_CALL:
        message = f"The items have more than {ITEMS_PER_CALL} lines. Add them in several calls."
        raise Invalid(message, field="items")
    members: Sequence[Member] = ()
    if _names_a_member(entries):
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    parsed = await _parse_all(entries, members)
    return await add_parsed(
        tenant, "add_items", entries, parsed, list_name, on_duplicate, all_or_nothing=all_or_nothing
    )


async def add_parsed(
    tenant: Tenant,
    kind: str,
    entries: Sequence[NewEntry],
    parsed: Sequence[ParsedItem | AppError],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    *,
    all_or_nothing: bool,
) -> Changed:
    """Add entries that are parsed or refused already, as the call `kind`. Raises as `add_items` does."""
    items = [each for each in parsed if isinstance(each, ParsedItem)]
    found, shopping_list = await find_for_add(tenant, list_name, {each.name_key for each in items})
    clock = found.clock
    plan = await _plan_beside(tenant.membership, found, shopping_list, items, on_duplicate)
    outcomes = _outcomes(parsed, plan)
    refuse_all_if_one_fails(outcomes, all_or_nothing=all_or_nothing)
    event_no = await record_items(tenant, kind, clock, plan.changes.values())
    added = _changed(shopping_list, rev_after(clock, [shopping_list], event_no), entries, outcomes, event_no)
    return replace(added, names=await assignee_names(tenant, added.entries))


async def add_items_alone(
    household: ProvenHousehold,
    entries: Sequence[NewEntry],
    list_name: str | None,
    on_duplicate: OnDuplicate,
    answer: Callable[[Changed], Answer],
) -> Answer | None:
    """Add entries as `add_items` does, without a transaction around it: in one message where everything is new, and in
    two otherwise. Return what `answer` makes of the result.

    None, with nothing stored, where that is not possible: an entry can't be used, there is no such list, or another
    process is writing to the household. `answer` is called before anything is stored, so that what can't be told is
    not stored; what it was told is true if it is stored.
    """
    if _names_a_member(entries) or len(entries) > ITEMS_PER_CALL:
        return None
    parsed = await _parse_all(entries, ())
    items = [each for each in parsed if isinstance(each, ParsedItem)]
    if len(items) < len(parsed):
        return None
    with await household.take_turn():
        found: AddSituation | None = None
        expected = expectations.of(household, list_name)
        name_keys = {each.name_key for each in items}
        habits = expectations.habits_of(household, name_keys)
        new = None if expected is None else _plan_new_lines(expected, items, on_duplicate, habits)
        if expected is not None and new is not None:
            rev, event_no = expected.rev + 1, expected.next_event
            answered = answer(_changed(_list_of(expected), rev, entries, new.outcomes, event_no))
            fresh = [change.after for change in new.changes.values()]
            recorded = await as_json(new.changes.values())
            stored, found = await insert_alone(household, list_name, expected, habits, fresh, recorded)
            if stored:
                next_item = expected.next_item + len(fresh)
                expectations.note_clock(household, rev, next_item, event_no + 1)
                return answered
        if found is None:
            found = await read_for_add_alone(household, list_name, name_keys)
        if found is None or found.on is None:
            return None
        expectations.note_habits(household, name_keys, found.habits)
        return await _add_beside(household, found, found.on, list_name, entries, items, on_duplicate, answer)


async def _add_beside(
    household: ProvenHousehold,
    found: AddSituation,
    on: ShoppingList,
    list_name: str | None,
    entries: Sequence[NewEntry],
    items: Sequence[ParsedItem],
    on_duplicate: OnDuplicate,
    answer: Callable[[Changed], Answer],
) -> Answer | None:
    """Add entries beside the items that were found, if nothing has changed since."""
    clock = found.clock
    expectations.note(household, list_name, clock, on)
    plan = await _plan_beside(household.membership, found, on, items, on_duplicate)
    if any(isinstance(each, str) for each in plan.outcomes):
        return None
    changes = [change for change in plan.changes.values() if change.before != change.after]
    event_no = clock.next_event if changes else None
    added = _changed(on, rev_after(clock, [on], event_no), entries, plan.outcomes, event_no)
    if any(map(is_reassigned, added.entries)):
        return None  # it takes the names of the members
    answered = answer(added)
    if changes:
        if not await save_alone(household, clock, "add_items", on.id, changes, await as_json(changes)):
            return None
        expectations.note_clock(household, clock.rev, next_item_after(clock, changes), clock.next_event + 1)
    return answered


def _names_a_member(entries: Sequence[NewEntry]) -> bool:
    return any(isinstance(entry, NewItem) and entry.assignee is not None for entry in entries)


def _changed(
    on: ShoppingList,
    rev: int,
    entries: Sequence[NewEntry],
    outcomes: Sequence[Outcome | AppError | Impossible],
    event_no: int | None,
) -> Changed:
    results = [
        ItemResult(entry if isinstance(entry, str) else entry.name, outcome)
        for entry, outcome in zip(entries, outcomes, strict=True)
        if not isinstance(outcome, str)
    ]
    return Changed([on], rev, results, event_no)


def _list_of(expected: Expected) -> ShoppingList:
    """Return as much of the expected list as a result shows."""
    return ShoppingList(expected.list_id, expected.list_no, expected.list_name, rev=expected.rev)


async def _parse_all(entries: Sequence[NewEntry], members: Sequence[Member]) -> Sequence[ParsedItem | AppError]:
    """Return each entry parsed, or its refusal."""
    return await map_texts(
        lambda each: _parse(each[1], f"items[{each[0]}]", members), [*enumerate(entries)], lambda each: _length(each[1])
    )


def _length(entry: NewEntry) -> int:
    if isinstance(entry, NewItem):
        return len(entry.name) + len(entry.note or "")
    return len(entry if isinstance(entry, str) else entry.name)


def _parse(entry: NewEntry, field: str, members: Sequence[Member]) -> ParsedItem | AppError:
    if isinstance(entry, RefusedEntry):
        return entry.refusal
    try:
        if isinstance(entry, PastedLine):
            return _parse_pasted(entry.name, field)
        return parse_line(entry, field) if isinstance(entry, str) else _parse_details(entry, field, members)
    except AppError as refusal:
        return refusal


def _parse_pasted(line: str, field: str) -> ParsedItem:
    """Return a line of a pasted list as an item. Raises `Invalid` if it is ticked: it was bought already."""
    if remove_mark(line).is_ticked:
        raise Invalid(f"{field} is ticked, so it was bought already. To add it, leave out its mark.", field=field)
    return parse_line(line, field)


def parse_line(text: str, field: str) -> ParsedItem:
    """Return a typed line as an item. Raises `Invalid`, naming `field`."""
    phrase = parse_phrase(clean(text, field, NAME_LENGTH + NOTE_LENGTH))
    name = clean(phrase.name, field, NAME_LENGTH)
    note = phrase.note and clean(phrase.note, field, NOTE_LENGTH)
    return ParsedItem(name, quantity=phrase.quantity, note=note)


def _parse_details(entry: NewItem, field: str, members: Sequence[Member]) -> ParsedItem:
    details = parse_details(entry, f"{field}.", members)
    name: str = details.pop("name")
    unit = None if entry.unit is None else parse_label(entry.unit, f"{field}.unit")
    if entry.quantity is not None:  # with a quantity of its own, the name is taken as it stands
        phrase = Phrase(name, parse_quantity(entry.quantity, unit, f"{field}.quantity"))
    elif unit is not None:
        phrase = _phrase_with_unit(name, unit, field)
    else:
        phrase = parse_phrase(name)
    details["note"] = note_beside(phrase.note, details.get("note"), f"{field}.note")
    if phrase.name != name:
        name = clean(phrase.name, f"{field}.name", NAME_LENGTH)
    return ParsedItem(name, quantity=phrase.quantity, **details)


def _phrase_with_unit(name: str, unit: str, field: str) -> Phrase:
    """Return a name with the unit that was given for it: as many as the name says, or one.

    Raises `Invalid` if the name has an amount of another measure.
    """
    one = parse_quantity(Decimal(1), unit, f"{field}.quantity")
    phrase = parse_phrase(name)
    found = phrase.quantity
    if found is None:
        return Phrase(name, one)
    if found.unit is None:
        return replace(phrase, quantity=parse_quantity(found.amount, unit, f"{field}.quantity"))
    if found.measure == one.measure:
        return replace(phrase, quantity=replace(found, unit=one.unit))
    message = f"The name of {field} says {found} already. Leave {field}.unit out, or give {field}.quantity with it."
    raise Invalid(message, field=f"{field}.unit")


def note_beside(read: str | None, given: str | None, field: str) -> str | None:
    """Return what was read as a note in a name, with the note that was given."""
    if read is None or given is None:
        return read or given
    return given if fold(read) in fold(given) else parse_note(f"{read}, {given}", field)


def _plan_new_lines(
    expected: Expected, items: Sequence[ParsedItem], on_duplicate: OnDuplicate, habits: Habits
) -> Plan | None:
    """Return the plan for a list that has none of the names; None where it takes a look at the clock or the list to
    know what becomes of an entry."""
    if any(item.not_before is not None for item in items):
        return None
    if habits:
        items = [with_unit(item, habits.get(item.name_key)) for item in items]
    if len(items) == 1:
        habit = habits.get(items[0].name_key)
        return plan_one(items[0], expected.next_item, list_id=expected.list_id, habit=habit)
    plan = plan_add((), items, on_duplicate, expected.next_item, list_id=expected.list_id, habits=habits)
    return plan if all(isinstance(each, Outcome) for each in plan.outcomes) else None


async def _plan_beside(
    membership: Membership,
    found: AddSituation,
    on: ShoppingList,
    items: Sequence[ParsedItem],
    on_duplicate: OnDuplicate,
) -> Plan:
    """Return the plan for entries beside the items that are on the list."""
    clock, today = found.clock, membership.day_of(found.clock.now)
    alike = [without_past_day(item, today) for item in found.alike]
    entries = [with_unit(without_past_day(item, today), found.habits.get(item.name_key)) for item in items]
    await fold_notes(alike)
    await fold_notes(entries)
    return plan_add(alike, entries, on_duplicate, clock.next_item, on.room, list_id=on.id, habits=found.habits)


def without_past_day(item: Waiting, today: date) -> Waiting:
    """Return an item for a day that has come as one without a day: there is nothing to wait for."""
    return item if item.not_before is None or item.not_before > today else replace(item, not_before=None)


def _outcomes(parsed: Sequence[ParsedItem | AppError], plan: Plan) -> list[Outcome | AppError]:
    """Return an outcome or a refusal for each entry of the call, in its order."""
    planned = iter(plan.outcomes)
    outcomes: list[Outcome | AppError] = []
    for number, entry in enumerate(parsed):
        outcome = entry if isinstance(entry, AppError) else next(planned)
        outcomes.append(refusal_of(outcome, f"items[{number}]") if isinstance(outcome, str) else outcome)
    return outcomes


def refusal_of(reason: Impossible, field: str) -> AppError:
    """Return why the entry `field` can't be added."""
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
