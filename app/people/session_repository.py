"""Browser sessions and SQL on them. The cookie is an unguessable secret, and only its hash is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update

from app.crypto.tokens import hash_of, new_secret
from app.db import Connection
from app.errors import Conflict
from app.people.email_addresses import EmailAddress
from app.people.models import Person
from app.people.repository import LOCAL_ISSUER, lock_account, lock_person, person_or_none, select_people
from app.people.tables import half_sign_ins, people, sessions

SESSION_LIFE: Final = timedelta(days=14)

SENT_AGAIN_WITHIN: Final = timedelta(minutes=1)
"""A sign-in with the cookie of one before counts as the same form sent twice, by a double click, for so long."""

SEEN_EVERY: Final = timedelta(minutes=5)
"""How often it is noted where a session is in use."""

MOST_SHOWN: Final = 50
LONGEST_BROWSER: Final = 300


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a browser says of itself, and the network that it is in."""

    browser: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which a person is signed in; `id` tells it from the person's others, and lets nobody in.

    `seen_at` is when it was last in use, to within SEEN_EVERY; None, as are the others, before its first page.
    """

    id: str
    created_at: datetime
    seen_at: datetime | None
    browser: str | None
    network: str | None


async def open_session(connection: Connection, person_id: UUID, now: datetime, *, before: str | None = None) -> str:
    """Sign a person in at the browser whose cookie was `before`, and return the value for their cookie, always a new
    one.

    It takes the place of a session that the same person opened there a moment ago with the same cookie: of a form that
    is sent twice, browsers drop the first answer.
    Raises `Conflict` for somebody who has deleted their account meanwhile.
    """
    if not await lock_account(connection, person_id):
        raise Conflict("This account was deleted meanwhile.")
    secret, opened_by = new_secret(), None
    if before is not None:
        opened_by = hash_of(before)
        await connection.execute(
            delete(sessions).where(
                sessions.c.person_id == person_id,
                sessions.c.opened_by == opened_by,
                sessions.c.created_at > now - SENT_AGAIN_WITHIN,
            )
        )
    await connection.execute(
        insert(sessions).values(
            id_hash=hash_of(secret),
            person_id=person_id,
            created_at=now,
            expires_at=now + SESSION_LIFE,
            opened_by=opened_by,
        )
    )
    return secret


async def has_just_signed_in(connection: Connection, email: EmailAddress, before: str, now: datetime) -> bool:
    """Return whether the account here with this address was signed in to, a moment ago, at the browser whose cookie was
    `before` until then."""
    found = await connection.execute(
        select(sessions.c.id_hash)
        .join(people, people.c.id == sessions.c.person_id)
        .where(
            people.c.issuer == LOCAL_ISSUER,
            people.c.subject == email.key,
            sessions.c.opened_by == hash_of(before),
            sessions.c.created_at > now - SENT_AGAIN_WITHIN,
        )
    )
    return found.first() is not None


async def find_opener(connection: Connection, secret: str, now: datetime) -> bytes | None:
    """Return the hash of the cookie that the browser with this one had until it signed in, if that was a moment ago."""
    found = await connection.execute(
        select(sessions.c.opened_by).where(
            sessions.c.id_hash == hash_of(secret), sessions.c.created_at > now - SENT_AGAIN_WITHIN
        )
    )
    return found.scalar()


async def find_person(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return the person who is signed in with this cookie value, or None."""
    found = await connection.execute(
        select_people()
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(sessions.c.id_hash == hash_of(secret), sessions.c.expires_at > now)
    )
    return person_or_none(found.first())


async def see_person(connection: Connection, secret: str, now: datetime, sighting: Sighting) -> Person | None:
    """Return what `find_person` does, and note where the session is in use, unless that was noted lately."""
    found = await connection.execute(
        select_people()
        .add_columns(sessions.c.seen_at)
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(sessions.c.id_hash == hash_of(secret), sessions.c.expires_at > now)
    )
    row = found.first()
    if row is not None and (row.seen_at is None or row.seen_at <= now - SEEN_EVERY):
        # One that is being closed is left alone: nobody waits for a note.
        free = (
            select(sessions.c.id_hash)
            .where(sessions.c.id_hash == hash_of(secret))
            .where(or_(sessions.c.seen_at.is_(None), sessions.c.seen_at <= now - SEEN_EVERY))
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        await connection.execute(
            update(sessions)
            .where(sessions.c.id_hash == free)
            .values(seen_at=now, browser=sighting.browser, network=sighting.network)
        )
    return person_or_none(row)


async def find_sessions(connection: Connection, person_id: UUID, now: datetime) -> list[OpenSession]:
    """Return a person's open sessions, the newest first, at most MOST_SHOWN."""
    rows = await connection.execute(
        select(sessions.c.id_hash, sessions.c.created_at, sessions.c.seen_at, sessions.c.browser, sessions.c.network)
        .where(sessions.c.person_id == person_id, sessions.c.expires_at > now)
        .order_by(sessions.c.created_at.desc(), sessions.c.id_hash)
        .limit(MOST_SHOWN)
    )
    return [OpenSession(row.id_hash.hex(), *row[1:]) for row in rows]


def session_id(secret: str) -> str:
    """Return the id of the session with this cookie value, as `OpenSession` has it."""
    return hash_of(secret).hex()


async def find_person_for_change(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Return what `find_person` does, and keep the session from ending before the transaction does.

    What the person does in the transaction is complete before a sign-out everywhere or a reset, or does not happen.
    """
    person = await find_person(connection, secret, now)
    if person is None:
        return None
    await lock_person(connection, person.id)
    return await find_person(connection, secret, now)


async def signed_in_since(connection: Connection, secret: str) -> datetime | None:
    """Return when somebody signed in with this cookie value; None if nobody did, or the session has ended."""
    found = await connection.execute(select(sessions.c.created_at).where(sessions.c.id_hash == hash_of(secret)))
    return found.scalar()


async def close_session(connection: Connection, secret: str) -> None:
    """Sign out the browser with this cookie value."""
    await connection.execute(delete(sessions).where(sessions.c.id_hash == hash_of(secret)))


async def close_session_of(connection: Connection, person_id: UUID, which: str) -> bool:
    """Sign a person out of the browser whose session has this id; return False if it isn't theirs, or has ended."""
    closed = await connection.execute(
        delete(sessions)
        .where(sessions.c.id_hash == bytes.fromhex(which), sessions.c.person_id == person_id)
        .returning(sessions.c.id_hash)
    )
    return closed.first() is not None


async def close_all_sessions(connection: Connection, person_id: UUID) -> None:
    """Sign a person out of every browser, and end the sign-ins that wait for their second step."""
    await lock_person(connection, person_id)
    for table in (sessions, half_sign_ins):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
