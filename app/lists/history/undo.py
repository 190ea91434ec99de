"""Undoing calls: everything they changed is restored, except what has changed again since. An undo can be undone."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Final
from uuid import UUID

from app.errors import AppError, Conflict, Invalid, LimitReached, NotFound
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history import repository as event_repository
from app.lists.history.changes import AnyChange, EventChange
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.history.records import (
    AnyRecord,
    EventRecord,
    ItemRecord,
    ListRecord,
    PurchaseRecord,
    read_record,
)
from app.lists.history.repository import Event
from app.lists.history.undo_corrections import undo_corrections
from app.lists.history.undo_habits import undo_habits
from app.lists.history.undo_items import undo_items
from app.lists.history.undo_lists import undo_defaults, undo_lists, would_delete
from app.lists.history.undo_purchases import purchases_in, undo_purchases
from app.lists.history.undo_recipes import undo_meals, undo_recipes
from app.lists.history.undo_settlements import undo_settlements
from app.lists.items import repository as item_repository
from app.lists.items.candidates import CANDIDATES, label_of
from app.lists.items.edits import assignee_names
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH
from app.lists.items.resolve import ref_number
from app.lists.models import (
    Changed,
    ItemResult,
    ListOutcome,
    Outcome,
    Purchase,
    ShoppingList,
    event_numbers,
    event_ref,
)
from app.lists.repository import Clock
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_in_batches
from app.runtime.progress import STEP, Note, Progress, map_in_steps, note_nothing
from app.text import clean

MOST_CALLS: Final = 50
"""Calls that are undone together, if they changed no more than `MOST_CHANGES` things; one call has no bound."""

MOST_CHANGES: Final = 10_000

Chosen = Callable[[AnyRecord], bool]

_UndoKind = Callable[[Tenant, Clock, Sequence[AnyRecord]], Awaitable[tuple[Sequence[ItemResult], Sequence[AnyChange]]]]

_UNDO_OTHERS: Final[Sequence[_UndoKind]] = (
    undo_recipes,
    undo_meals,
    undo_corrections,
    undo_purchases,
    undo_settlements,
    undo_defaults,
    undo_habits,
)
"""What undoes changes of things that are neither lists nor items: each takes the records of its own kind, stores what
they become, and returns what to tell of it and what it changed."""


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
    to_delete = [record for record in changed_lists if would_delete(record)]
    to_restore = [record for record in changed_lists if not would_delete(record)]
    list_entries, list_changes = await undo_lists(tenant, clock, to_restore)
    item_entries, item_changes = await undo_items(tenant, clock, event, records, progress)
    gone = Counter([change.after.list_id for change in item_changes if change.after.deleted_at is not None])
    deleted_entries, deleted_changes = await undo_lists(tenant, clock, to_delete, gone)
    list_entries, list_changes = list_entries + deleted_entries, list_changes + deleted_changes
    other_entries: list[ItemResult] = []
    others: list[AnyChange] = [*list_changes]
    for undo_kind in _UNDO_OTHERS:
        kind_entries, kind_changes = await undo_kind(tenant, clock, records)
        other_entries += kind_entries
        others += kind_changes
    if (item_changes or others) and len(records) == len(all_records):
        others += await _mark_as_undone(tenant, clock, event, records)
    event_no = await record_items(tenant, "undo", clock, item_changes, others=others, about=event.list_id)
    entries = [*list_entries, *item_entries, *other_entries]
    lists = await _lists_of(tenant, event, entries)
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


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
