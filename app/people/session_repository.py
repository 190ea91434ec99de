"""Browser sessions and SQL on them. The cookie is an unguessable secret, and only its hash is stored."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert

from app.crypto.tokens import hash_of, new_secret
from app.db import Connection
from app.people.models import Person
from app.people.repository import lock_person, person_or_none, select_people
from app.people.tables import people, sessions

SESSION_LIFE: Final = timedelta(days=14)


async def open_session(connection: Connection, person_id: UUID, now: datetime) -> str:
    """Sign a person in and return the value for their cookie, always a new one."""
    secret = new_secret()
    await connection.execute(
        insert(sessions).values(
            id_hash=hash_of(secret), person_id=person_id, created_at=now, expires_at=now + SESSION_LIFE
        )
    )
    return secret


async def find_person(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return the person who is signed in with this cookie value, or None."""
    found = await connection.execute(
        select_people()
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(sessions.c.id_hash == hash_of(secret), sessions.c.expires_at > now)
    )
    return person_or_none(found.first())


async def find_person_for_change(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return what `find_person` does, and keep the session from ending before the transaction does.

    What the person does in the transaction is complete before a sign-out everywhere or a reset, or does not happen.
    """
    person = await find_person(connection, secret, now)
    if person is None:
        return None
    await lock_person(connection, person.id)
    return await find_person(connection, secret, now)


async def close_session(connection: Connection, secret: str) -> None:
    """Sign out the browser with this cookie value."""
    await connection.execute(delete(sessions).where(sessions.c.id_hash == hash_of(secret)))


async def close_all_sessions(connection: Connection, person_id: UUID) -> None:
    """Sign a person out of every browser."""
    await lock_person(connection, person_id)
    await connection.execute(delete(sessions).where(sessions.c.person_id == person_id))
