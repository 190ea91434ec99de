"""One-time links and SQL on them: a random secret, stored as a hash, that works once, for one purpose, for a while.

Opening a link does nothing, because mail programs open links by themselves; only the form behind it uses it up.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select

from app.crypto.tokens import LINK_PREFIX, hash_of, new_secret
from app.db import Connection
from app.people.models import EmailLink, Purpose
from app.people.tables import email_links

LIFETIMES: Final[dict[Purpose, timedelta]] = {
    "sign_up": timedelta(hours=24),
    "verify": timedelta(hours=24),
    "reset": timedelta(minutes=30),
}

_COLUMNS: Final = (email_links.c.purpose, email_links.c.email, email_links.c.person_id, email_links.c.mailed)


async def make_link(connection: Connection, link: EmailLink, now: datetime) -> str:
    """Store a new link and return its secret: a prefix and 256 random bits."""
    secret = new_secret(LINK_PREFIX)
    await connection.execute(
        insert(email_links).values(
            link_hash=hash_of(secret),
            purpose=link.purpose,
            email=link.email,
            person_id=link.person_id,
            mailed=link.mailed,
            created_at=now,
            expires_at=now + LIFETIMES[link.purpose],
        )
    )
    return secret


async def find_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Return a link; None if it was used, has expired, is for another purpose or never existed."""
    found = await connection.execute(select(*_COLUMNS).where(_is_valid(secret, purpose, now)))
    return _link_or_none(found.first())


async def take_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Use up a link and return it; of several callers at once, one gets it. None as for `find_link`."""
    found = await connection.execute(delete(email_links).where(_is_valid(secret, purpose, now)).returning(*_COLUMNS))
    return _link_or_none(found.first())


async def end_links(connection: Connection, person_id: UUID) -> None:
    """Make every link of a person invalid."""
    await connection.execute(delete(email_links).where(email_links.c.person_id == person_id))


def _is_valid(secret: str, purpose: Purpose, now: datetime) -> ColumnElement[bool]:
    is_this = and_(email_links.c.link_hash == hash_of(secret), email_links.c.purpose == purpose)
    return and_(is_this, email_links.c.expires_at > now)


def _link_or_none(row: Any) -> EmailLink | None:
    return None if row is None else EmailLink(*row)
