"""SQL that removes what has expired."""

from datetime import datetime

from sqlalchemy import Table, delete, select

from app.db import Connection
from app.people.tables import attempts, email_links, sessions


async def purge_expired(connection: Connection, now: datetime, most: int) -> int:
    """Remove at most `most` expired counters, links and sessions each; the greatest number of one kind."""
    return max([await _purge(connection, table, now, most) for table in (attempts, email_links, sessions)])


async def _purge(connection: Connection, table: Table, now: datetime, most: int) -> int:
    (key,) = table.primary_key.columns
    old = select(key).where(table.c.expires_at <= now).limit(most)
    done = await connection.execute(delete(table).where(key.in_(old)).returning(key))
    return len(done.all())
