"""Undoing what a call did to items: each comes back to its list, if that is there and has room."""

from collections.abc import Collection, Sequence
from itertools import compress
from operator import attrgetter
from uuid import UUID

from app.errors import AppError, LimitReached
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.records import AnyRecord, ItemRecord
from app.lists.history.repository import Event
from app.lists.history.undo_planning import Undone, undo_item
from app.lists.items import repository as item_repository
from app.lists.items.edits import settle_variants
from app.lists.items.fields import Item
from app.lists.models import Change, ItemResult, Outcome
from app.lists.repository import Clock
from app.runtime.batches import map_in_batches
from app.runtime.progress import Progress, map_in_steps


async def undo_items(
    tenant: Tenant, clock: Clock, event: Event, records: Sequence[AnyRecord], progress: Progress
) -> tuple[list[ItemResult], list[Change]]:
    """Return what the items that a call changed become, for the caller to store."""
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
