"""SQL on people, credentials and sessions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection, new_id
from app.people.email_addresses import EmailAddress
from app.people.models import Person, Profile
from app.people.tables import credentials, people, sessions

LOCAL_ISSUER = "local"
SERVICE_ISSUER = "client"
PASSWORD = "password"  # noqa: S105  # the name of a kind of credential


@dataclass(frozen=True, slots=True)
class PasswordAccount:
    """A person and the hash of their password."""

    person: Person
    secret_hash: str


async def insert_person(
    connection: Connection, email: EmailAddress, name: str, now: datetime, verified_at: datetime | None = None
) -> Person | None:
    """A new person of our own issuer; None when the address has an account already (also one made this instant)."""
    person = Person(id=new_id(), name=name, email=email.address)
    statement = (
        insert_or_skip(people)
        .values(
            id=person.id,
            issuer=LOCAL_ISSUER,
            subject=email.key,
            email=email.address,
            email_key=email.key,
            name=name,
            email_verified_at=verified_at,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[people.c.issuer, people.c.subject])
        .returning(people.c.id)
    )
    inserted = (await connection.execute(statement)).scalar()
    return None if inserted is None else person


async def insert_service_person(connection: Connection, client_id: str, name: str, now: datetime) -> Person:
    """Somebody for a service account to act as: without e-mail and credentials, so nobody signs in as them."""
    person = Person(id=new_id(), name=name, email=None)
    await connection.execute(
        insert(people).values(id=person.id, issuer=SERVICE_ISSUER, subject=client_id, name=name, created_at=now)
    )
    return person


async def insert_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Give a person their password."""
    await connection.execute(
        insert(credentials).values(
            person_id=person_id, kind=PASSWORD, secret_hash=secret_hash, created_at=now, changed_at=now
        )
    )


async def renew_password_hash(connection: Connection, account: PasswordAccount, secret_hash: str) -> str:
    """Store the same password under another hash, unless it was changed or renewed meanwhile; the hash that is stored
    now."""
    await connection.execute(
        update(credentials)
        .where(
            credentials.c.person_id == account.person.id,
            credentials.c.kind == PASSWORD,
            credentials.c.secret_hash == account.secret_hash,
        )
        .values(secret_hash=secret_hash)
    )
    return (await connection.execute(_password_hash(account.person.id))).scalar_one()


async def set_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Replace a person's password."""
    await connection.execute(
        update(credentials)
        .where(credentials.c.person_id == person_id, credentials.c.kind == PASSWORD)
        .values(secret_hash=secret_hash, changed_at=now)
    )


async def has_password_hash(connection: Connection, account: PasswordAccount) -> bool:
    """Whether the stored hash is still the one that was read before."""
    return (await connection.execute(_password_hash(account.person.id))).scalar() == account.secret_hash


async def has_password(connection: Connection, person_id: UUID) -> bool:
    """Whether a person signs in with a password of ours."""
    found = await connection.execute(
        select(credentials.c.kind).where(credentials.c.person_id == person_id, credentials.c.kind == PASSWORD)
    )
    return found.first() is not None


async def lock_person(connection: Connection, person_id: UUID) -> None:
    """Let nobody else change who this person is, or sign them in or out everywhere, until the transaction ends."""
    # Not the strongest lock, so that rows which refer to the person can be inserted meanwhile.
    await connection.execute(select(people.c.id).where(people.c.id == person_id).with_for_update(key_share=True))


async def find_local_person(connection: Connection, email: EmailAddress) -> Person | None:
    """The person of our own issuer with this address."""
    row = (
        await connection.execute(
            select(people.c.id, people.c.name, people.c.email).where(
                people.c.issuer == LOCAL_ISSUER, people.c.subject == email.key
            )
        )
    ).first()
    return None if row is None else Person(id=row.id, name=row.name, email=row.email)


async def find_verified_at(connection: Connection, person_id: UUID) -> datetime | None:
    """Since when the person's address is known to be theirs; None when it is not."""
    return (await connection.execute(select(people.c.email_verified_at).where(people.c.id == person_id))).scalar()


async def set_verified(connection: Connection, person_id: UUID, now: datetime) -> None:
    """The person's address is theirs from now on; nothing happens when it was before."""
    await connection.execute(
        update(people)
        .where(people.c.id == person_id, people.c.email_verified_at.is_(None))
        .values(email_verified_at=now)
    )


async def find_password_account(connection: Connection, email: EmailAddress) -> PasswordAccount | None:
    """The account of our own issuer that signs in with this address."""
    row = (
        await connection.execute(
            select(people.c.id, people.c.name, people.c.email, credentials.c.secret_hash)
            .join(credentials, credentials.c.person_id == people.c.id)
            .where(people.c.issuer == LOCAL_ISSUER, people.c.subject == email.key, credentials.c.kind == PASSWORD)
        )
    ).first()
    if row is None:
        return None
    return PasswordAccount(Person(id=row.id, name=row.name, email=row.email), row.secret_hash)


async def insert_session(
    connection: Connection, id_hash: bytes, person_id: UUID, now: datetime, expires_at: datetime
) -> None:
    """Record a browser session by the hash of its cookie."""
    await connection.execute(
        insert(sessions).values(id_hash=id_hash, person_id=person_id, created_at=now, expires_at=expires_at)
    )


async def find_session_person(connection: Connection, id_hash: bytes, now: datetime) -> Person | None:
    """The person of a session that has not expired."""
    row = (
        await connection.execute(
            select(people.c.id, people.c.name, people.c.email)
            .join(sessions, sessions.c.person_id == people.c.id)
            .where(sessions.c.id_hash == id_hash, sessions.c.expires_at > now)
        )
    ).first()
    return None if row is None else Person(id=row.id, name=row.name, email=row.email)


async def delete_session(connection: Connection, id_hash: bytes) -> None:
    """End a session; nothing happens when there is none."""
    await connection.execute(delete(sessions).where(sessions.c.id_hash == id_hash))


async def delete_sessions(connection: Connection, person_id: UUID) -> None:
    """End every session of a person."""
    await connection.execute(delete(sessions).where(sessions.c.person_id == person_id))


def _password_hash(person_id: UUID) -> Select[str]:
    return select(credentials.c.secret_hash).where(credentials.c.person_id == person_id, credentials.c.kind == PASSWORD)


async def find_profile(connection: Connection, person_id: UUID) -> Profile:
    """Return the profile of a person who exists."""
    return Profile(await find_verified_at(connection, person_id), await has_password(connection, person_id))
