"""Deleting what has expired. Each function returns how many rows it deleted."""

from datetime import datetime

from app.db import Connection, Engine
from app.db.purge import Step, delete_old, in_batches
from app.people.tables import attempts, email_links, sessions


async def forget(engine: Engine, now: datetime) -> int:
    """Delete everything that has expired, in batches. Raises `Unavailable`."""
    steps: list[Step] = [
        lambda connection: delete_counters(connection, now),
        lambda connection: delete_links(connection, now),
        lambda connection: delete_sessions(connection, now),
    ]
    return sum([await in_batches(engine, step) for step in steps])


async def delete_counters(connection: Connection, now: datetime) -> int:
    """Delete expired counters of attempts."""
    return await delete_old(connection, attempts, attempts.c.expires_at <= now)


async def delete_links(connection: Connection, now: datetime) -> int:
    """Delete expired one-time links."""
    return await delete_old(connection, email_links, email_links.c.expires_at <= now)


async def delete_sessions(connection: Connection, now: datetime) -> int:
    """Delete expired browser sessions."""
    return await delete_old(connection, sessions, sessions.c.expires_at <= now)
