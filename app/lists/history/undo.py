"""Undoing a call: everything it changed is restored, except what has changed again since. An undo can be undone."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from operator import attrgetter
from typing import Final
from uuid import UUID

from app.errors import AppError, Conflict, LimitReached, NotFound
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history import repository as event_repository
from app.lists.history.changes import (
    AnyChange,
    AnyRecord,
    DefaultChange,
    DefaultRecord,
    EventChange,
    EventRecord,
    HabitRecord,
    ItemRecord,
    ListChange,
    ListRecord,
    read_record,
)
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.history.repository import Event
from app.lists.history.undo_planning import Undone, undo_item, undo_list
from app.lists.items import repository as item_repository
from app.lists.items.edits import settle_variants
from app.lists.items.fields import Item
from app.lists.items.habit_repository import find_habits, save_habits
from app.lists.items.habits import unlearn
from app.lists.models import Change, Changed, ItemResult, ListOutcome, Outcome, ShoppingList, event_ref
from app.lists.repository import Clock
from app.lists.save_list import refuse_another_list, refuse_taken_name
from app.runtime.batches import map_in_batches
from app.runtime.progress import STEP, Note, map_in_steps, note_nothing

_REF: Final = re.compile(r"[Ee](\d{1,9})")


async def undo(tenant: Tenant, undo_ref: str, note: Note = note_nothing) -> Changed:
    """Undo the call that `undo_ref` names; what has changed since is reported and left alone. Of more than STEP
    changes, it notes how far it is.

    Raises `NotFound` when no such call is on record, and `Conflict` when it is undone already or changed nothing.
    """
    event = await _find_event(tenant, undo_ref)
    if len(event.changes) <= STEP:
        note = note_nothing
    records = await map_in_steps(read_record, event.changes, note, 0, 2 * len(event.changes), "changes read")
    if not records:
        raise Conflict(f"{event_ref(event.no)} changed nothing, so there is nothing to undo.", field="undo_ref")
    clock = await repository.read_clock(tenant)
    changed_lists = [record for record in records if isinstance(record, ListRecord)]
    to_delete = [record for record in changed_lists if _would_delete(record)]
    to_restore = [record for record in changed_lists if not _would_delete(record)]
    list_entries, list_changes = await _undo_lists(tenant, clock, to_restore)
    item_entries, item_changes = await _undo_items(tenant, clock, event, records, note)
    gone = Counter([change.after.list_id for change in item_changes if change.after.deleted_at is not None])
    deleted_entries, deleted_changes = await _undo_lists(tenant, clock, to_delete, gone)
    list_entries, list_changes = list_entries + deleted_entries, list_changes + deleted_changes
    others = [*list_changes, *await _undo_defaults(tenant, records), *await _undo_habits(tenant, clock, records)]
    if item_changes or others:
        others += await _mark_as_undone(tenant, clock, event, records)
    event_no = await record_items(tenant, "undo", clock, item_changes, others=others, about=event.list_id)
    entries = list_entries + item_entries
    lists = await _lists_of(tenant, event, entries)
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


def _would_delete(record: ListRecord) -> bool:
    """Whether undoing a change of a list deletes it: that comes after its items have gone."""
    return record.before is None or record.before.get("deleted_at") is not None


async def _find_event(tenant: Tenant, undo_ref: str) -> Event:
    ref = _REF.fullmatch(undo_ref.strip())
    event = await event_repository.find_event(tenant, int(ref[1])) if ref else None
    if event is None:
        message = "undo_ref names no call on record here. get_activity shows what can be undone."
        raise NotFound(message, field="undo_ref")
    if event.undone_by is not None:
        by = event_ref(event.undone_by)
        message = f"{event_ref(event.no)} is undone already. To bring it back, undo {by}."
        raise Conflict(message, field="undo_ref", candidates=[by])
    return event


async def _undo_items(
    tenant: Tenant, clock: Clock, event: Event, records: Sequence[AnyRecord], note: Note
) -> tuple[list[ItemResult], list[Change]]:
    recorded = [record for record in records if isinstance(record, ItemRecord)]
    current = await item_repository.items_numbered(tenant, [record.item for record in recorded])
    deleted = await _deleted_lists(tenant, recorded, current.values())

    def plan_for(record: ItemRecord) -> Undone[Item]:
        return undo_item(record, current[record.item], record.list_id or event.list_id, deleted, clock.now)

    remaining = [record for record in recorded if record.item in current]
    read = len(records)
    planned = await map_in_steps(plan_for, remaining, note, read, 2 * read, "items planned")
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
        return ItemResult(item.name, Outcome(status, item, conflict=plan.conflict))

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
