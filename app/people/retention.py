"""Deleting what has expired."""

from datetime import datetime
from functools import partial

from app.db import Engine
from app.db.purge import delete_old, in_batches
from app.people.tables import attempts, email_links, half_sign_ins, passkey_challenges, sessions


async def forget(engine: Engine, now: datetime) -> int:
    """Delete what has expired: counters, links, sessions and unfinished sign-ins, in batches; how many rows.

    Raises `Unavailable`.
    """
    return sum(
        [
            await in_batches(engine, partial(delete_old, table=table, old=table.c.expires_at <= now))
            for table in (attempts, email_links, half_sign_ins, passkey_challenges, sessions)
        ]
    )
