"""Undoing what a call did to lists themselves, and to people's default lists."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.errors import AppError, Conflict
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import DefaultChange, ListChange
from app.lists.history.records import AnyRecord, DefaultRecord, ListRecord
from app.lists.history.undo_planning import Undone, undo_list
from app.lists.models import ItemResult, ListOutcome, ShoppingList
from app.lists.repository import Clock
from app.lists.save_list import refuse_another_list, refuse_taken_name


def would_delete(record: ListRecord) -> bool:
    """Whether undoing a change of a list deletes it: that comes after its items have gone."""
    return record.before is None or record.before.get("deleted_at") is not None


async def undo_lists(
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


async def undo_defaults(
    tenant: Tenant, _clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[DefaultChange]]:
    """Undo changes of default lists; one that a person has chosen since is left alone. Nothing of it is told."""
    changes: list[DefaultChange] = []
    for record in records:
        if not isinstance(record, DefaultRecord):
            continue
        if await repository.default_list_of(tenant, record.default_of) == record.after:
            await repository.set_default_list(tenant, record.default_of, record.before)
            changes.append(DefaultChange(record.default_of, record.after, record.before))
    return [], changes
