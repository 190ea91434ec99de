"""SQL on identities: which person an issuer elsewhere means by a subject."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection, new_id
from app.people.person import Person
from app.people.tables import identities, people


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
