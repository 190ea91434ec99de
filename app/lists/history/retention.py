"""How long the record of what happened is kept."""

from datetime import datetime, timedelta
from typing import Final

from app.households.tenant import Tenant
from app.lists.history import retention_repository

KEPT: Final = timedelta(days=400)
"""Longer than a year, so that last year's Christmas list can be told of."""


async def is_anything_old(tenant: Tenant, now: datetime) -> bool:
    """Whether there is something to forget."""
    oldest = await retention_repository.oldest_event(tenant)
    return oldest is not None and oldest < now - KEPT


async def forget(tenant: Tenant, now: datetime) -> None:
    """Forget events older than `KEPT`. Who then asks for changes since a revision of that time is told everything."""
    await retention_repository.forget_before(tenant, now - KEPT)
