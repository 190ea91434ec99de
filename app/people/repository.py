"""SQL on people, their identities and credentials."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from app.db import Connection, new_id
from app.people.email_addresses import EmailAddress
from app.people.models import KnownPerson, PasswordAccount, Person, Profile
from app.people.tables import credentials, identities, people

LOCAL_ISSUER = "local"
SERVICE_ISSUER = "client"
IMPORTED = "imported:"
"""What the subject of somebody begins with of whom a household that was brought back has the name only."""

GUEST_ISSUER = "guest"
DELETED_ISSUER = "deleted"
NOBODY = "Somebody"
"""The name of whoever has deleted their account."""

PASSWORD = "password"  # noqa: S105  # the name of a kind of credential


async def insert_person(
    connection: Connection,
    email: EmailAddress,
    name: str,
    now: datetime,
    verified_at: datetime | None = None,
    person_id: UUID | None = None,
) -> Person | None:
    """Insert a person with an account here; None if the address has one already, even one created at this moment."""
    person = Person(id=person_id or new_id(), name=name, email=email.address)
    return await _insert(
        connection, person, LOCAL_ISSUER, email.key, now, email_key=email.key, email_verified_at=verified_at
    )


async def insert_service_person(connection: Connection, client_id: str, name: str, now: datetime) -> Person:
    """Insert the person that a service account acts as: without e-mail and credentials, so nobody signs in as them."""
    person = Person(id=new_id(), name=name, email=None)
    await _insert(connection, person, SERVICE_ISSUER, client_id, now)
    return person


async def insert_guest(connection: Connection, link_id: UUID, name: str, now: datetime) -> Person:
    """Insert the person as whom the guest of a link is in the history: without e-mail and credentials, too."""
    person = Person(id=new_id(), name=name, email=None)
    await _insert(connection, person, GUEST_ISSUER, str(link_id), now)
    return person


async def insert_identified(
    connection: Connection, issuer: str, subject: str, name: str, now: datetime
) -> Person | None:
    """Insert a person with this identity; None if another transaction, finished by now, has just inserted them."""
    person = await _insert(connection, Person(id=new_id(), name=name, email=None), issuer, subject, now)
    if person is not None:
        await connection.execute(
            insert(identities).values(issuer=issuer, subject=subject, person_id=person.id, created_at=now)
        )
    return person


async def _insert(
    connection: Connection, person: Person, issuer: str, subject: str, now: datetime, **more: Any
) -> Person | None:
    inserted = await connection.execute(
        insert_or_skip(people)
        .values(**asdict(person), issuer=issuer, subject=subject, created_at=now, **more)
        .on_conflict_do_nothing(index_elements=[people.c.issuer, people.c.subject])
        .returning(people.c.id)
    )
    return None if inserted.first() is None else person


async def find_identified(connection: Connection, issuer: str, subject: str) -> Person | None:
    """Return the person whom this issuer identifies by this subject."""
    found = await connection.execute(
        select_people()
        .join(identities, identities.c.person_id == people.c.id)
        .where(identities.c.issuer == issuer, identities.c.subject == subject)
    )
    return person_or_none(found.first())


async def find_local_person(connection: Connection, email: EmailAddress) -> Person | None:
    """Return the person who has an account here with this address."""
    found = await connection.execute(
        select_people().where(people.c.issuer == LOCAL_ISSUER, people.c.subject == email.key)
    )
    return person_or_none(found.first())


async def find_person(connection: Connection, person_id: UUID) -> Person | None:
    """Return the person with this id."""
    return person_or_none((await connection.execute(select_people().where(people.c.id == person_id))).first())


async def find_some_people(connection: Connection, *, limit: int) -> list[UUID]:
    """Return the ids of the first people, without those that service accounts and guests act as, and deleted ones."""
    signs_in = people.c.issuer.not_in((SERVICE_ISSUER, GUEST_ISSUER, DELETED_ISSUER))
    query = select(people.c.id).where(signs_in).order_by(people.c.created_at, people.c.id)
    return list((await connection.execute(query.limit(limit))).scalars())


async def find_called(
    connection: Connection, person_id: UUID | None, subjects: Collection[str], limit: int
) -> list[KnownPerson]:
    """Return the people with this id, or whom any issuer identifies by one of the subjects (here: by an address)."""
    elsewhere = select(identities.c.person_id).where(identities.c.subject.in_(subjects))
    rows = await connection.execute(
        select(people.c.id, people.c.name, people.c.issuer)
        .where(or_(people.c.id == person_id, people.c.subject.in_(subjects), people.c.id.in_(elsewhere)))
        .order_by(people.c.created_at, people.c.id)
        .limit(limit)
    )
    return [KnownPerson(*row) for row in rows]


async def find_profile(connection: Connection, person_id: UUID) -> Profile:
    """Return the profile of a person who exists."""
    query = select(
        people.c.email_verified_at, _password_hash(person_id).exists(), people.c.issuer == LOCAL_ISSUER
    ).where(people.c.id == person_id)
    return Profile(*(await connection.execute(query)).one())


async def find_verified_at(connection: Connection, person_id: UUID) -> datetime | None:
    """Return when the person's address was confirmed; None if it never was."""
    return (await connection.execute(select(people.c.email_verified_at).where(people.c.id == person_id))).scalar()


async def set_verified(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Mark the person's address as confirmed, unless it already is."""
    await connection.execute(
        update(people)
        .where(people.c.id == person_id, people.c.email_verified_at.is_(None))
        .values(email_verified_at=now)
    )


async def lock_person(connection: Connection, person_id: UUID) -> None:
    """Keep others from changing this person, or their sessions as a whole, until the transaction ends."""
    # Not the strongest lock, so that rows which refer to the person can be inserted meanwhile.
    await connection.execute(select(people.c.id).where(people.c.id == person_id).with_for_update(key_share=True))


async def lock_account(connection: Connection, person_id: UUID) -> bool:
    """Lock a person as `lock_person` does; False if they have deleted their account: nothing may be made theirs."""
    await lock_person(connection, person_id)
    found = await connection.execute(select(people.c.issuer).where(people.c.id == person_id))
    return found.scalar() not in (None, DELETED_ISSUER)


async def insert_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Insert a person's first password."""
    await connection.execute(
        insert(credentials).values(
            person_id=person_id, kind=PASSWORD, secret_hash=secret_hash, created_at=now, changed_at=now
        )
    )


async def set_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Replace a person's password, or give them their first."""
    await connection.execute(
        insert_or_update(credentials)
        .values(person_id=person_id, kind=PASSWORD, secret_hash=secret_hash, created_at=now, changed_at=now)
        .on_conflict_do_update(
            index_elements=[credentials.c.person_id, credentials.c.kind],
            set_={"secret_hash": secret_hash, "changed_at": now},
        )
    )


async def renew_password_hash(connection: Connection, account: PasswordAccount, secret_hash: str) -> str:
    """Store another hash of the same password, unless it has changed meanwhile; the hash that is stored now."""
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


async def has_password_hash(connection: Connection, account: PasswordAccount) -> bool:
    """Return whether the hash that was read before is still the stored one."""
    return (await connection.execute(_password_hash(account.person.id))).scalar() == account.secret_hash


async def find_password_account(connection: Connection, email: EmailAddress) -> PasswordAccount | None:
    """Return the account that signs in with this address and a password."""
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


async def delete_identity(connection: Connection, person_id: UUID) -> None:
    """Delete how a person signs in, and everything that says who they are. Their row stays, for what refers to it."""
    for table in (credentials, identities):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
    await connection.execute(
        update(people)
        .where(people.c.id == person_id)
        .values(
            issuer=DELETED_ISSUER,
            subject=str(person_id),
            name=NOBODY,
            email=None,
            email_key=None,
            email_verified_at=None,
            needs_passkey=False,
        )
    )


def _password_hash(person_id: UUID) -> Select[str]:
    return select(credentials.c.secret_hash).where(credentials.c.person_id == person_id, credentials.c.kind == PASSWORD)


def select_people() -> Select[*tuple[Any, ...]]:
    """Return the query of people, for `person_or_none`."""
    return select(people.c.id, people.c.name, people.c.email)


def person_or_none(row: Any) -> Person | None:
    """Return the person in a row of `select_people`."""
    return None if row is None else Person(id=row.id, name=row.name, email=row.email)
