"""SQL on identities: which person an issuer elsewhere means by a subject."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection, new_id
from app.people.models import Person
from app.people.tables import identities, people


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person, and who vouches for them."""

    id: UUID
    name: str
    issuer: str


async def find_identified(connection: Connection, issuer: str, subject: str) -> Person | None:
    """The person whom this issuer means by this subject."""
    row = (
        await connection.execute(
            select(people.c.id, people.c.name, people.c.email)
            .join(identities, identities.c.person_id == people.c.id)
            .where(identities.c.issuer == issuer, identities.c.subject == subject)
        )
    ).first()
    return None if row is None else Person(id=row.id, name=row.name, email=row.email)


async def find_called(
    connection: Connection, person_id: UUID | None, subjects: Collection[str], limit: int
) -> list[KnownPerson]:
    """The people with that id, or whom some issuer means by one of these subjects; our own issuer's are addresses."""
    elsewhere = select(identities.c.person_id).where(identities.c.subject.in_(subjects))
    rows = await connection.execute(
        select(people.c.id, people.c.name, people.c.issuer)
        .where(or_(people.c.id == person_id, people.c.subject.in_(subjects), people.c.id.in_(elsewhere)))
        .order_by(people.c.created_at, people.c.id)
        .limit(limit)
    )
    return [KnownPerson(*row) for row in rows]


async def insert_identified(
    connection: Connection, issuer: str, subject: str, name: str, now: datetime
) -> Person | None:
    """A new person with this identity; None when another transaction has just made them, which is then over."""
    person = Person(id=new_id(), name=name, email=None)
    inserted = await connection.execute(
        insert_or_skip(people)
        .values(id=person.id, issuer=issuer, subject=subject, name=name, created_at=now)
        .on_conflict_do_nothing(index_elements=[people.c.issuer, people.c.subject])
        .returning(people.c.id)
    )
    if inserted.first() is None:
        return None
    await connection.execute(
        insert(identities).values(issuer=issuer, subject=subject, person_id=person.id, created_at=now)
    )
    return person
