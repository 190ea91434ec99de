"""Deleting what has expired."""

from datetime import datetime
from functools import partial

from app.db import Engine
from app.db.purge import delete_old, in_batches
from app.people.tables import attempts, email_links, sessions


async def forget(engine: Engine, now: datetime) -> int:
    """Delete expired counters of attempts, links and sessions, in batches; how many rows. Raises `Unavailable`."""
    return sum(
        [
            await in_batches(engine, partial(delete_old, table=table, old=table.c.expires_at <= now))
            for table in (attempts, email_links, sessions)
        ]
    )
