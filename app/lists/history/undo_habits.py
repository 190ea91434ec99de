"""Undoing what a call taught about names."""

from collections.abc import Sequence

from app.households.tenant import Tenant
from app.lists.history.records import AnyRecord, HabitRecord
from app.lists.items.habit_repository import find_habits, save_habits
from app.lists.items.habits import HabitChange, unlearn
from app.lists.models import ItemResult
from app.lists.repository import Clock


async def undo_habits(
    tenant: Tenant, clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[HabitChange]]:
    """Forget what was learned, except what has been learned since; nothing of it is told."""
    recorded = [record for record in records if isinstance(record, HabitRecord)]
    if not recorded:
        return [], []
    known = await find_habits(tenant, [record.habit for record in recorded])
    undone = [unlearn(known, record.habit, record.before, record.after) for record in recorded]
    changes = [change for change in undone if change is not None]
    await save_habits(tenant, clock.rev, changes)
    return [], changes
