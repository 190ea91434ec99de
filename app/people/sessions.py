"""Browser sessions. The cookie is an unguessable secret, and only its hash is stored."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import hash_of, new_secret
from app.db import Connection
from app.people import repository
from app.people.models import Person

SESSION_LIFE: Final = timedelta(days=14)


async def open_session(connection: Connection, person_id: UUID, now: datetime) -> str:
    """Sign a person in and return the value for their cookie, always a new one."""
    secret = new_secret()
    await repository.insert_session(connection, hash_of(secret), person_id, now, now + SESSION_LIFE)
    return secret


async def find_person(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return the person who is signed in with this cookie value, or None."""
    return await repository.find_session_person(connection, hash_of(secret), now)


async def close_session(connection: Connection, secret: str) -> None:
    """Sign out the browser with this cookie value."""
    await repository.delete_session(connection, hash_of(secret))


async def close_all_sessions(connection: Connection, person_id: UUID) -> None:
    """Sign a person out of every browser."""
    await repository.lock_person(connection, person_id)
    await repository.delete_sessions(connection, person_id)


async def find_person_for_change(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return what `find_person` does, and keep the session from ending before the transaction does.

    What the person does in the transaction is complete before a sign-out everywhere or a reset, or does not happen.
    """
    person = await find_person(connection, secret, now)
    if person is None:
        return None
    await repository.lock_person(connection, person.id)
    return await find_person(connection, secret, now)
