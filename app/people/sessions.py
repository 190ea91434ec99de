"""Browser sessions: who is signed in, by an unguessable cookie of which only the hash is stored."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import hash_of, new_secret
from app.db import Connection
from app.people import repository
from app.people.models import Person

SESSION_LIFE: Final = timedelta(days=14)


async def open_session(connection: Connection, person_id: UUID, now: datetime) -> str:
    """Sign a person in; the value for their cookie, always a fresh one."""
    secret = new_secret()
    await repository.insert_session(connection, hash_of(secret), person_id, now, now + SESSION_LIFE)
    return secret


async def find_person(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Who is signed in with this cookie value; None when nobody is."""
    return await repository.find_session_person(connection, hash_of(secret), now)


async def close_session(connection: Connection, secret: str) -> None:
    """Sign out."""
    await repository.delete_session(connection, hash_of(secret))


async def close_all_sessions(connection: Connection, person_id: UUID) -> None:
    """Sign a person out of every browser."""
    await repository.lock_person(connection, person_id)
    await repository.delete_sessions(connection, person_id)


async def find_person_for_change(connection: Connection, secret: str, now: datetime) -> Person | None:
    """The same as `find_person`; the session then can't end before the transaction does.

    So what the person does in it is done before a sign-out everywhere or a reset, which then finds it, or not at all.
    """
    person = await find_person(connection, secret, now)
    if person is None:
        return None
    await repository.lock_person(connection, person.id)
    return await find_person(connection, secret, now)
