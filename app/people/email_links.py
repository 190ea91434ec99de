"""One-time links: a random secret, stored as a hash, that works once, for one purpose and for a limited time.

Opening a link does nothing, because mail programs open links by themselves; only the form behind it uses it up.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import LINK_PREFIX, hash_of, new_secret
from app.db import Connection
from app.people import email_link_repository as repository
from app.people.models import EmailLink, Purpose

LIFETIMES: Final[dict[Purpose, timedelta]] = {
    "sign_up": timedelta(hours=24),
    "verify": timedelta(hours=24),
    "reset": timedelta(minutes=30),
}


async def make_link(connection: Connection, link: EmailLink, now: datetime) -> str:
    """Store a new link and return its secret: a prefix and 256 random bits."""
    secret = new_secret(LINK_PREFIX)
    await repository.insert_link(connection, hash_of(secret), link, now, now + LIFETIMES[link.purpose])
    return secret


async def find_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Return a link; None if it was used, has expired, is for another purpose or never existed."""
    return await repository.find_link(connection, hash_of(secret), purpose, now)


async def take_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """Use up a link and return it; None under the same conditions as `find_link`."""
    return await repository.take_link(connection, hash_of(secret), purpose, now)


async def end_links(connection: Connection, person_id: UUID) -> None:
    """Make every link of a person invalid."""
    await repository.delete_links(connection, person_id)
