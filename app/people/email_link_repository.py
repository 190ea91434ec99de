"""SQL on one-time links."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select

from app.db import Connection
from app.people.models import EmailLink, Purpose
from app.people.tables import email_links

_COLUMNS: Final = (email_links.c.purpose, email_links.c.email, email_links.c.person_id, email_links.c.mailed)


async def insert_link(
    connection: Connection, link_hash: bytes, link: EmailLink, now: datetime, expires_at: datetime
) -> None:
    """Insert a link by the hash of its secret."""
    await connection.execute(
        insert(email_links).values(
            link_hash=link_hash,
            purpose=link.purpose,
            email=link.email,
            person_id=link.person_id,
            mailed=link.mailed,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def find_link(connection: Connection, link_hash: bytes, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Return a valid link."""
    found = await connection.execute(select(*_COLUMNS).where(_is_valid(link_hash, purpose, now)))
    return _link_or_none(found.first())


async def take_link(connection: Connection, link_hash: bytes, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Delete a valid link and return it; of several callers at once, one gets it."""
    found = await connection.execute(delete(email_links).where(_is_valid(link_hash, purpose, now)).returning(*_COLUMNS))
    return _link_or_none(found.first())


async def delete_links(connection: Connection, person_id: UUID) -> None:
    """Delete every link of a person."""
    await connection.execute(delete(email_links).where(email_links.c.person_id == person_id))


def _is_valid(link_hash: bytes, purpose: Purpose, now: datetime) -> ColumnElement[bool]:
    return and_(email_links.c.link_hash == link_hash, email_links.c.purpose == purpose, email_links.c.expires_at > now)


def _link_or_none(row: Any) -> EmailLink | None:
    return None if row is None else EmailLink(*row)
