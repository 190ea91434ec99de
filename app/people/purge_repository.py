"""SQL that removes what has expired: each function some rows, and it answers how many."""

from datetime import datetime

from app.db import Connection
from app.db.purge import delete_old
from app.people.tables import attempts, email_links, sessions


async def delete_counters(connection: Connection, now: datetime) -> int:
    """Counters of attempts that are worth nothing any more."""
    return await delete_old(connection, attempts, attempts.c.expires_at <= now)


async def delete_links(connection: Connection, now: datetime) -> int:
    """One-time links that expired."""
    return await delete_old(connection, email_links, email_links.c.expires_at <= now)


async def delete_sessions(connection: Connection, now: datetime) -> int:
    """Browser sessions that expired."""
    return await delete_old(connection, sessions, sessions.c.expires_at <= now)
