"""Undoing calls: everything they changed is restored, except what has changed again since. An undo can be undone."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from operator import attrgetter
from typing import Final
from uuid import UUID

from app.errors import AppError, Conflict, Invalid, LimitReached, NotFound
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history import repository as event_repository
from app.lists.history.changes import (
    AnyChange,
    AnyRecord,
    CorrectionRecord,
    DefaultChange,
    DefaultRecord,
    EventChange,
    EventRecord,
    HabitRecord,
    ItemRecord,
    ListChange,
    ListRecord,
    PurchaseRecord,
    read_record,
)
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.history.repository import Event
from app.lists.history.undo_planning import Undone, undo_item, undo_list
from app.lists.history.undo_purchases import purchases_in, undo_purchases
from app.lists.history.undo_recipes import undo_meals, undo_recipes
from app.lists.history.undo_settlements import undo_settlements
from app.lists.items import repository as item_repository
from app.lists.items.candidates import CANDIDATES, label_of
from app.lists.items.edits import assignee_names, settle_variants
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, Item
from app.lists.items.habit_repository import find_habits, save_habits
from app.lists.items.habits import unlearn
from app.lists.items.resolve import ref_number
from app.lists.models import (
    Change,
    Changed,
    ItemResult,
    ListOutcome,
    Outcome,
    PantryOutcome,
    Purchase,
    ShoppingList,
    event_numbers,
    event_ref,
)
from app.lists.pantry.correction_repository import find_corrections, save_corrections
from app.lists.pantry.corrections import CorrectionChange
from app.lists.repository import Clock
from app.lists.save_list import refuse_another_list, refuse_taken_name
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_in_batches
from app.runtime.progress import STEP, Note, Progress, map_in_steps, note_nothing
from app.text import clean

MOST_CALLS: Final = 50
"""Calls that are undone together, if they changed no more than `MOST_CHANGES` things; one call has no bound."""

MOST_CHANGES: Final = 10_000

Chosen = Callable[[AnyRecord], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """Which calls to undo: those that refs name (`e57`, or `e57-e60` for all from one to the other), or what the person
    changed at `since` or later and before `until`. `items` are the only items to undo them for, `left_out` those to
    leave as they are."""

    refs: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    items: Sequence[str] | None = None
    left_out: Sequence[str] | None = None


async def undo(tenant: Tenant, request: Request, note: Note = note_nothing) -> Changed:
    """Undo calls, the latest first; what has changed since is reported and left alone. A call of which some items are
    left out can be undone again for the others. Of more than STEP changes, it notes how far it is.

    Raises `Invalid` for a request that contradicts itself, `NotFound` when there is no such call on record or nothing
    of a name to leave out in it, `LimitReached` for too many, and for a single one `Conflict` when it is undone already
    or changed nothing.
    """
    numbers, failed = await _find_calls(tenant, request)
    changes = sum(numbers.values())
    progress = Progress(note if changes > STEP else note_nothing, 2 * changes)
    is_single = len(numbers) == 1 and not failed and request.since is None and request.until is None
    chosen, unknown = await _choose(tenant, request, [*numbers])
    entries, lists = [*failed, *unknown], dict[UUID, ShoppingList]()
    event_nos: list[int] = []
    for number, size in numbers.items():
        begin, progress = progress, progress.after(2 * size)
        event = await _find_event(tenant, number)
        if isinstance(event, AppError):
            if is_single:
                raise event
            if request.refs:
                entries.append(ItemResult(event_ref(number), event))
            continue
        undone = await _undo_call(tenant, event, chosen, begin)
        entries += undone.entries
        lists.update((each.id, each) for each in undone.lists)
        if undone.event_no is not None:
            event_nos.append(undone.event_no)
    last = event_nos[-1] if event_nos else None
    of_call = sorted(lists.values(), key=lambda each: each.no)
    rev = rev_after(await repository.read_clock(tenant), of_call, last)
    names = await assignee_names(tenant, entries)
    return Changed(of_call, rev, entries, last, first_event_no=event_nos[0] if event_nos else None, names=names)


async def _find_calls(tenant: Tenant, request: Request) -> tuple[Mapping[int, int], Sequence[ItemResult]]:
    """Return the numbers of the calls to undo, the latest first, with how many things each changed, and a refusal for
    each ref that names none."""
    by_time = request.since is not None or request.until is not None
    if by_time == bool(request.refs):
        raise Invalid("undo_ref or since: say which changes, or from when on, and not both.", field="undo_ref")
    if by_time:
        found = await event_repository.calls_between(tenant, request.since, request.until, MOST_CALLS + 1)
        if not found:
            raise NotFound("You changed nothing in that time. get_activity shows what others did.", field="since")
        _refuse_too_many(found, "since")
        return found, ()
    numbers: set[int] = set()
    failed: list[ItemResult] = []
    for ref in request.refs:
        named = event_numbers(ref)
        if len(named) > MOST_CALLS or len(numbers) > MOST_CALLS:
            raise LimitReached(_TOO_MANY, field="undo_ref")
        if not named:
            failed.append(ItemResult(ref, _not_found()))
        numbers.update(named)
    if len(failed) == len(request.refs):
        raise _not_found()
    sizes = await event_repository.changes_of(tenant, numbers)
    _refuse_too_many(sizes, "undo_ref")
    return {number: sizes.get(number, 0) for number in sorted(numbers, reverse=True)}, failed


_TOO_MANY: Final = (
    f"That is more than can be undone together: {MOST_CALLS} changes of {MOST_CHANGES:,} things. Undo them in parts."
)


def _refuse_too_many(calls: Mapping[int, int], field: str) -> None:
    if len(calls) > MOST_CALLS or (len(calls) > 1 and sum(calls.values()) > MOST_CHANGES):
        raise LimitReached(_TOO_MANY, field=field)


async def _choose(tenant: Tenant, request: Request, numbers: Sequence[int]) -> tuple[Chosen, Sequence[ItemResult]]:
    """Return which recorded changes to undo, and a refusal for each of `request.items` that the calls didn't change."""
    names = request.items or request.left_out
    if not names:
        return lambda record: True, ()
    if request.items and request.left_out:
        raise Invalid("items and except: give one of them, not both.", field="items")
    field = "items" if request.items else "except"
    changed: set[int] = set()
    purchases: dict[UUID, Purchase] = {}
    for number in numbers:
        event = await event_repository.find_event(tenant, number)
        records = await map_in_batches(read_record, event.changes) if event is not None else []
        changed |= {record.item for record in records if isinstance(record, ItemRecord)}
        purchases |= purchases_in(records)
    found = await item_repository.items_numbered(tenant, changed)
    meant: set[int | UUID] = set()
    unknown: list[ItemResult] = []
    for place, name in enumerate(names):
        text = clean(name, f"{field}[{place}]", NAME_LENGTH + NOTE_LENGTH)
        key, number = merge_key(text), ref_number(text)
        fitting: set[int | UUID] = {no for no, item in found.items() if no == number or item.name_key == key}
        fitting |= {purchase_id for purchase_id, purchase in purchases.items() if purchase.name_key == key}
        meant |= fitting
        if not fitting:
            candidates = [label_of(item) for item in list(found.values())[:CANDIDATES]]
            message = f"{field}[{place}] is nothing that was changed there."
            unknown.append(ItemResult(name, NotFound(message, field=f"{field}[{place}]", candidates=candidates)))
    if request.items:
        return lambda record: _thing_of(record) in meant, unknown
    refusal = next((each.result for each in unknown if isinstance(each.result, AppError)), None)
    if refusal is not None:
        raise refusal
    return lambda record: _thing_of(record) not in meant, ()


def _thing_of(record: AnyRecord) -> int | UUID | None:
    """Return what tells the item, or the purchase without one, of a record from others; None for other records."""
    if isinstance(record, ItemRecord):
        return record.item
    return record.purchase if isinstance(record, PurchaseRecord) else None


async def _undo_call(tenant: Tenant, event: Event, chosen: Chosen, progress: Progress) -> Changed:
    all_records = await map_in_steps(read_record, event.changes, progress, "changes read")
    progress = progress.after(len(all_records))
    records = list(compress(all_records, await map_in_batches(chosen, all_records)))
    clock = await repository.read_clock(tenant)
    changed_lists = [record for record in records if isinstance(record, ListRecord)]
    to_delete = [record for record in changed_lists if _would_delete(record)]
    to_restore = [record for record in changed_lists if not _would_delete(record)]
    list_entries, list_changes = await _undo_lists(tenant, clock, to_restore)
    item_entries, item_changes = await _undo_items(tenant, clock, event, records, progress)
    gone = Counter([change.after.list_id for change in item_changes if change.after.deleted_at is not None])
    deleted_entries, deleted_changes = await _undo_lists(tenant, clock, to_delete, gone)
    list_entries, list_changes = list_entries + deleted_entries, list_changes + deleted_changes
    recipe_entries, recipe_changes = await undo_recipes(tenant, clock, records)
    pantry_entries, pantry_changes = await _undo_corrections(tenant, clock, records)
    meal_entries, meal_changes = await undo_meals(tenant, records)
    purchase_entries, purchase_changes = await undo_purchases(tenant, records)
    settlement_entries, settlement_changes = await undo_settlements(tenant, records)
    others = [
        *list_changes,
        *recipe_changes,
        *pantry_changes,
        *meal_changes,
        *purchase_changes,
        *settlement_changes,
        *await _undo_defaults(tenant, records),
        *await _undo_habits(tenant, clock, records),
    ]
    if (item_changes or others) and len(records) == len(all_records):
        others += await _mark_as_undone(tenant, clock, event, records)
    event_no = await record_items(tenant, "undo", clock, item_changes, others=others, about=event.list_id)
    entries = list_entries + recipe_entries + meal_entries + pantry_entries + item_entries + purchase_entries
    entries += settlement_entries
    lists = await _lists_of(tenant, event, entries)
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


def _would_delete(record: ListRecord) -> bool:
    """Whether undoing a change of a list deletes it: that comes after its items have gone."""
    return record.before is None or record.before.get("deleted_at") is not None


def _not_found() -> NotFound:
    return NotFound("undo_ref names no call on record here. get_activity shows what can be undone.", field="undo_ref")


async def _find_event(tenant: Tenant, number: int) -> Event | AppError:
    event = await event_repository.find_event(tenant, number)
    if event is None:
        return _not_found()
    if event.undone_by is not None:
        by = event_ref(event.undone_by)
        message = f"{event_ref(event.no)} is undone already. To bring it back, undo {by}."
        return Conflict(message, field="undo_ref", candidates=[by])
    if not event.changes:
        return Conflict(f"{event_ref(event.no)} changed nothing, so there is nothing to undo.", field="undo_ref")
    return event


async def _undo_items(
    tenant: Tenant, clock: Clock, event: Event, records: Sequence[AnyRecord], progress: Progress
) -> tuple[list[ItemResult], list[Change]]:
    recorded = [record for record in records if isinstance(record, ItemRecord)]
    current = await item_repository.items_numbered(tenant, [record.item for record in recorded])
    deleted = await _deleted_lists(tenant, recorded, current.values())

    def plan_for(record: ItemRecord) -> Undone[Item]:
        return undo_item(record, current[record.item], record.list_id or event.list_id, deleted, clock.now)

    remaining = [record for record in recorded if record.item in current]
    planned = await map_in_steps(plan_for, remaining, progress, "items planned")
    plans = {record.item: plan for record, plan in zip(remaining, planned, strict=True)}
    refused = await _items_without_room(tenant, current, plans.values())
    going = [plan.after for plan in plans.values() if plan.restored and plan.after.id not in refused]
    settled = await _settle(tenant, going)
    changes: list[Change] = []

    def conclude(record: ItemRecord) -> ItemResult:
        plan = plans[record.item]
        stored = settled.get(record.item)
        if stored is not None:
            is_unchecked = "checked_at" in plan.restored
            bought, unbought = (record.unbought, record.bought) if is_unchecked else (None, None)
            changes.append(Change(current[record.item], stored, bought, unbought))
        refusal = refused.get(plan.after.id) or (plan.conflict if not plan.restored else None)
        item = stored or plan.after
        if refusal is not None:
            return ItemResult(item.name, refusal, ref=item.ref)
        status = "undone" if plan.restored else "unchanged"
        before = None if stored is None else current[record.item]
        return ItemResult(item.name, Outcome(status, item, before=before, conflict=plan.conflict))

    return await map_in_batches(conclude, remaining), changes


async def _settle(tenant: Tenant, going: Sequence[Item]) -> dict[int, Item]:
    """Return restored items by number; those that are open again have variants that are free."""
    are_open = await map_in_batches(attrgetter("is_open"), going)
    returning = list(compress(going, are_open))
    leaving = {item.id for item, is_open in zip(going, are_open, strict=True) if not is_open}
    namesakes = await item_repository.open_namesakes(tenant, returning) if returning else []
    settled = await settle_variants(returning, [line for line in namesakes if line.id not in leaving])
    return {item.no: item for item in [*going, *settled]}


async def _deleted_lists(tenant: Tenant, records: Sequence[ItemRecord], items: Collection[Item]) -> set[UUID]:
    ids = {item.list_id for item in items}
    ids |= {record.before["list_id"] for record in records if record.before is not None and "list_id" in record.before}
    found = await repository.lists_with(tenant, ids)
    return {list_id for list_id, each in found.items() if each.deleted_at is not None}


async def _items_without_room(
    tenant: Tenant, current: dict[int, Item], plans: Collection[Undone[Item]]
) -> dict[UUID, AppError]:
    """Return a refusal for each item that would come back to a list that is full by now."""
    refused: dict[UUID, AppError] = {}
    coming: dict[UUID, list[UUID]] = {}
    for plan in plans:
        before = current[plan.after.no]
        if plan.after.deleted_at is None and (before.deleted_at is not None or before.list_id != plan.after.list_id):
            coming.setdefault(plan.after.list_id, []).append(plan.after.id)
    lists = await repository.lists_with(tenant, coming) if coming else {}
    for list_id, item_ids in coming.items():
        room = lists[list_id].room
        message = f"{lists[list_id].ref} is full by now. Remove what was bought from it, and undo again."
        refused |= dict.fromkeys(item_ids[room:], LimitReached(message, field="undo_ref"))
    return refused


async def _undo_lists(
    tenant: Tenant, clock: Clock, recorded: Sequence[ListRecord], gone: Mapping[UUID, int] | None = None
) -> tuple[list[ItemResult], list[ListChange]]:
    """Undo changes of lists; `gone` is how many items this undo takes off each list."""
    current = await repository.lists_numbered(tenant, [record.list for record in recorded]) if recorded else {}
    entries: list[ItemResult] = []
    changes: list[ListChange] = []
    for record in recorded:
        before = current[record.list]
        remaining = before.open_items + before.checked_items - (gone or {}).get(before.id, 0)
        plan = undo_list(record, before, remaining, clock.now)
        refusal = await _list_refusal(tenant, before, plan)
        if refusal is not None:
            entries.append(ItemResult(before.name, refusal, ref=before.ref))
            continue
        if plan.restored:
            await repository.save_list(tenant, clock.rev, plan.after)
            if (before.deleted_at is None) != (plan.after.deleted_at is None):
                await repository.stamp_items(tenant, clock.rev, before.id)
            changes.append(ListChange(before, plan.after))
        status = "undone" if plan.restored else "unchanged"
        entries.append(ItemResult(before.name, ListOutcome(status, plan.after, plan.conflict)))
    return entries, changes


async def _list_refusal(tenant: Tenant, before: ShoppingList, plan: Undone[ShoppingList]) -> AppError | None:
    """Return why a list can't be restored: a rule for all lists, or what has changed since."""
    if not plan.restored:
        return plan.conflict
    try:
        if plan.after.deleted_at is None:
            await refuse_taken_name(tenant, plan.after, "undo_ref")
            if before.deleted_at is not None:
                await refuse_another_list(tenant, "undo_ref")
        elif await repository.count_lists(tenant) == 1:
            return Conflict(f"{before.ref} is the last list, and a household keeps one.", field="undo_ref")
    except AppError as refusal:
        return refusal
    return None


async def _undo_defaults(tenant: Tenant, records: Sequence[AnyRecord]) -> list[AnyChange]:
    changes: list[AnyChange] = []
    for record in records:
        if not isinstance(record, DefaultRecord):
            continue
        if await repository.default_list_of(tenant, record.default_of) == record.after:
            await repository.set_default_list(tenant, record.default_of, record.before)
            changes.append(DefaultChange(record.default_of, record.after, record.before))
    return changes


async def _undo_corrections(
    tenant: Tenant, clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[CorrectionChange]]:
    recorded = [record for record in records if isinstance(record, CorrectionRecord)]
    if not recorded:
        return [], []
    current = await find_corrections(tenant, [record.pantry for record in recorded])
    entries: list[ItemResult] = []
    changes: list[CorrectionChange] = []
    for record in recorded:
        said, now = record.after or record.before, current.get(record.pantry)
        name = record.pantry if said is None else said.name
        if now == record.after:
            changes.append(CorrectionChange(record.pantry, now, record.before))
            entries.append(ItemResult(name, PantryOutcome("undone", name)))
        elif now == record.before:
            entries.append(ItemResult(name, PantryOutcome("unchanged", name)))
        else:
            message = f"{name}: something else was said since, and is left alone."
            entries.append(ItemResult(name, Conflict(message, field="undo_ref")))
    await save_corrections(tenant, clock.rev, changes)
    return entries, changes


async def _undo_habits(tenant: Tenant, clock: Clock, records: Sequence[AnyRecord]) -> list[AnyChange]:
    recorded = [record for record in records if isinstance(record, HabitRecord)]
    if not recorded:
        return []
    known = await find_habits(tenant, [record.habit for record in recorded])
    undone = [unlearn(known, record.habit, record.before, record.after) for record in recorded]
    changes = [change for change in undone if change is not None]
    await save_habits(tenant, clock.rev, changes)
    return [*changes]


async def _mark_as_undone(tenant: Tenant, clock: Clock, event: Event, records: Sequence[AnyRecord]) -> list[AnyChange]:
    """Mark the event as undone by the one about to be recorded, and events that it had undone as in force again."""
    changes = [EventChange(event.no, None, clock.next_event)]
    for record in records:
        if isinstance(record, EventRecord):
            undone = await event_repository.find_event(tenant, record.event)
            if undone is not None and undone.undone_by == record.after:
                changes.append(EventChange(record.event, record.after, record.before))
    for change in changes:
        await event_repository.set_undone_by(tenant, change.event_no, change.after)
    return [*changes]


async def _lists_of(tenant: Tenant, event: Event, entries: Sequence[ItemResult]) -> Sequence[ShoppingList]:
    ids = {entry.result.item.list_id for entry in entries if isinstance(entry.result, Outcome)}
    ids |= {entry.result.list.id for entry in entries if isinstance(entry.result, ListOutcome)}
    if not ids and event.list_id is not None:
        ids = {event.list_id}
    return sorted((await repository.lists_with(tenant, ids)).values(), key=lambda each: each.no)
