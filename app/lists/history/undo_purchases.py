"""Undoing what a call did to purchases that stand for no item, and to those that it gave a price."""

from collections.abc import Sequence
from uuid import UUID

from app.errors import Conflict
from app.households.tenant import Tenant
from app.lists.history.changes import PurchaseChange
from app.lists.history.records import AnyRecord, PurchaseRecord
from app.lists.history.undo_planning import undo_whole
from app.lists.models import ItemResult, Purchase, PurchaseOutcome
from app.lists.purchases.repository import purchases_with
from app.lists.repository import Clock


def purchases_in(records: Sequence[AnyRecord]) -> dict[UUID, Purchase]:
    """Return the purchases by themselves in what an event recorded, by id."""
    found = {
        record.purchase: record.bought or record.unbought for record in records if isinstance(record, PurchaseRecord)
    }
    return {purchase_id: purchase for purchase_id, purchase in found.items() if purchase is not None}


async def undo_purchases(
    tenant: Tenant, _clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[PurchaseChange]]:
    """Undo changes of purchases by themselves; one that has changed since, or was taken back, is left alone."""
    recorded = [record for record in records if isinstance(record, PurchaseRecord)]
    current = await purchases_with(tenant, [record.purchase for record in recorded]) if recorded else {}
    entries: list[ItemResult] = []
    changes: list[PurchaseChange] = []
    for record in recorded:
        of = record.bought or record.unbought
        if of is None:
            continue
        status = undo_whole(record.unbought, record.bought, current.get(record.purchase))
        if status is None:
            conflict = Conflict(f"The purchase of {of.name} has changed since, and is left alone.", field="undo_ref")
            entries.append(ItemResult(of.name, conflict))
            continue
        if status == "undone":
            changes.append(PurchaseChange(record.bought, record.unbought))
        entries.append(ItemResult(of.name, PurchaseOutcome(status, record.unbought or of)))
    return entries, changes
