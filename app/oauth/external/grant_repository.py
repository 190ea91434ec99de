"""SQL on the grants of people and clients of external issuers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection
from app.oauth.tables import grant_households, grants

KIND = "external"


@dataclass(frozen=True, slots=True)
class NewExternalGrant:
    """What a token of an external issuer stands for here. The first household is the default one."""

    id: UUID
    person_id: UUID
    issuer: str
    client_id: str
    client: dict[str, str]
    scopes: Iterable[str]
    resource: str
    household_ids: tuple[UUID, ...]


async def find_external_grant(connection: Connection, person_id: UUID, issuer: str, client_id: str) -> UUID | None:
    """The grant of this person for this client of this issuer, revoked or not."""
    found = await connection.execute(
        select(grants.c.id).where(
            grants.c.kind == KIND,
            grants.c.person_id == person_id,
            grants.c.issuer == issuer,
            grants.c.client_id == client_id,
        )
    )
    return found.scalar()


async def insert_external_grant(connection: Connection, grant: NewExternalGrant, now: datetime) -> bool:
    """Store it with its households; False, and nothing stored, when another transaction has just done so."""
    inserted = await connection.execute(
        insert_or_skip(grants)
        .values(
            id=grant.id,
            kind=KIND,
            person_id=grant.person_id,
            client_id=grant.client_id,
            client=grant.client,
            issuer=grant.issuer,
            scopes=sorted(grant.scopes),
            resource=grant.resource,
            created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=[grants.c.person_id, grants.c.issuer, grants.c.client_id],
            # The same words as in the index: PostgreSQL can't match it with a parameter.
            index_where=sql("kind = 'external'"),
        )
        .returning(grants.c.id)
    )
    if inserted.first() is None:
        return False
    rows = [
        {"grant_id": grant.id, "household_id": household_id, "is_default": household_id == grant.household_ids[0]}
        for household_id in grant.household_ids
    ]
    await connection.execute(insert(grant_households).values(rows))
    return True
