"""What is done for a household when nobody asks: what is due comes back, and what is old is forgotten."""

from datetime import datetime
from uuid import UUID

from app.db import Engine
from app.households.tenant import ListsChanged, open_for_service
from app.lists import recurring, retention


async def tend(engine: Engine, household_id: UUID, now: datetime, lists_changed: ListsChanged | None = None) -> bool:
    """Do the chores of one household, and answer whether there were any.

    Its write lock is taken only then. `lists_changed` is told of what changed. Raises `Unavailable`.
    """
    async with open_for_service(engine, household_id, write=False) as tenant:
        if not await recurring.is_anything_due(tenant, now) and not await retention.is_anything_old(tenant, now):
            return False
    async with open_for_service(engine, household_id, write=True, lists_changed=lists_changed) as tenant:
        await recurring.bring_back(tenant, now)
        await recurring.wake(tenant, now)
        await retention.forget(tenant, now)
    return True
