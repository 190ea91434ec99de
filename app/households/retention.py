"""Deleting invitations and guests' links that have ended."""

from datetime import datetime
from functools import partial

from app.db import Engine
from app.db.purge import delete_old, in_batches
from app.households.tables import guest_links, invitations


async def delete_ended_invitations(engine: Engine, now: datetime) -> int:
    """Delete invitations that have expired, in batches; how many. Raises `Unavailable`."""
    return await in_batches(engine, partial(delete_old, table=invitations, old=invitations.c.expires_at <= now))


async def delete_ended_guest_links(engine: Engine, now: datetime) -> int:
    """Delete guests' links that have expired, with their keys, in batches; how many. Raises `Unavailable`."""
    return await in_batches(engine, partial(delete_old, table=guest_links, old=guest_links.c.expires_at <= now))
