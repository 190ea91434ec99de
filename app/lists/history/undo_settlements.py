"""Undoing that money was given to settle a debt."""

from collections.abc import Sequence

from app.households.tenant import Tenant
from app.lists.history.changes import SettlementChange
from app.lists.history.records import AnyRecord, SettlementRecord
from app.lists.models import ItemResult, SettlementOutcome
from app.lists.purchases.settlement_repository import delete_settlements, existing_settlements, insert_settlements
from app.lists.repository import Clock


async def undo_settlements(
    tenant: Tenant, _clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[SettlementChange]]:
    """Take back what was recorded, or record again what was taken back. Nothing else changes a settlement."""
    recorded = [record for record in records if isinstance(record, SettlementRecord)]
    if not recorded:
        return [], []
    existing = await existing_settlements(tenant, [record.settlement for record in recorded])
    entries: list[ItemResult] = []
    changes: list[SettlementChange] = []
    for record in recorded:
        of = record.after or record.before
        if of is None:
            continue
        is_as_recorded = (record.after is not None) == (record.settlement in existing)
        if is_as_recorded:
            changes.append(SettlementChange(record.after, record.before))
        entries.append(ItemResult(of.in_words, SettlementOutcome("undone" if is_as_recorded else "unchanged", of)))
    if gone := [each.before.id for each in changes if each.before is not None]:
        await delete_settlements(tenant, gone)
    if again := [each.after for each in changes if each.after is not None]:
        await insert_settlements(tenant, again)
    return entries, changes
