"""One-time links: a random secret of which only the hash is stored, good for one purpose and for a while.

Opening a link does nothing, because mail programs open links by themselves; only the form behind it uses it up.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import LINK_PREFIX, hash_of, new_secret
from app.db import Connection
from app.people import email_link_repository as repository
from app.people.email_link_repository import EmailLink, Purpose

__all__ = ["EmailLink", "Purpose", "end_links", "find_link", "make_link", "take_link"]

LIVES: Final[dict[Purpose, timedelta]] = {
    "sign_up": timedelta(hours=24),
    "verify": timedelta(hours=24),
    "reset": timedelta(minutes=30),
}


async def make_link(connection: Connection, link: EmailLink, now: datetime) -> str:
    """A fresh link; the secret to put into its address: a prefix and 256 random bits."""
    secret = new_secret(LINK_PREFIX)
    await repository.insert_link(connection, hash_of(secret), link, now, now + LIVES[link.purpose])
    return secret


async def find_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """What a link is for; None when it was used, has expired, is for another purpose or never was."""
    return await repository.find_link(connection, hash_of(secret), purpose, now)


async def take_link(connection: Connection, secret: str, purpose: Purpose, now: datetime) -> EmailLink | None:
    """The same, and use it up."""
    return await repository.take_link(connection, hash_of(secret), purpose, now)


async def end_links(connection: Connection, person_id: UUID) -> None:
    """No link of this person is good any more."""
    await repository.delete_links(connection, person_id)
