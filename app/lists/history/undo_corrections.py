"""Undoing what a call noted about the pantry."""

from collections.abc import Sequence

from app.errors import Conflict
from app.households.tenant import Tenant
from app.lists.history.records import AnyRecord, CorrectionRecord
from app.lists.history.undo_planning import undo_whole
from app.lists.models import ItemResult, PantryOutcome
from app.lists.pantry.correction_repository import find_corrections, save_corrections
from app.lists.pantry.corrections import CorrectionChange
from app.lists.repository import Clock


async def undo_corrections(
    tenant: Tenant, clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[CorrectionChange]]:
    """Undo what was noted; where something else was said since, that is left alone."""
    recorded = [record for record in records if isinstance(record, CorrectionRecord)]
    if not recorded:
        return [], []
    current = await find_corrections(tenant, [record.pantry for record in recorded])
    entries: list[ItemResult] = []
    changes: list[CorrectionChange] = []
    for record in recorded:
        said, now = record.after or record.before, current.get(record.pantry)
        name = record.pantry if said is None else said.name
        status = undo_whole(record.before, record.after, now)
        if status is None:
            message = f"Something else was said of {name} since, and is left alone."
            entries.append(ItemResult(name, Conflict(message, field="undo_ref")))
            continue
        if status == "undone":
            changes.append(CorrectionChange(record.pantry, now, record.before))
        entries.append(ItemResult(name, PantryOutcome(status, name)))
    await save_corrections(tenant, clock.rev, changes)
    return entries, changes
