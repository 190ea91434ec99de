"""How long events are kept."""

from datetime import datetime, timedelta
from typing import Final

from app.households.tenant import Tenant
from app.lists.history import repository

KEPT: Final = timedelta(days=400)
"""Longer than a year, so that last year's Christmas list can still be looked up."""


async def is_anything_old(tenant: Tenant, now: datetime) -> bool:
    """Return whether there are events to delete."""
    oldest = await repository.oldest_event(tenant)
    return oldest is not None and oldest < now - KEPT


async def forget(tenant: Tenant, now: datetime) -> None:
    """Delete events older than `KEPT`. Callers that ask for changes since a revision of that time get everything."""
    await repository.delete_before(tenant, now - KEPT)
