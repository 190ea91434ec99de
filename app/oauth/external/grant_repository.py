"""SQL on grants of kind `external`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection
from app.oauth.grants.models import GrantKind
from app.oauth.tables import grant_households, grants


@dataclass(frozen=True, slots=True)
class NewExternalGrant:
    """The grant for the tokens of an external issuer for one person and client. The first household is the default."""

    id: UUID
    person_id: UUID
    issuer: str
    client_id: str
    client: dict[str, str]
    scopes: Iterable[str]
    resource: str
    household_ids: tuple[UUID, ...]


async def find_external_grant(connection: Connection, person_id: UUID, issuer: str, client_id: str) -> UUID | None:
    """Return the grant of this person for this client of this issuer, revoked or not."""
    found = await connection.execute(
        select(grants.c.id).where(
            grants.c.kind == GrantKind.EXTERNAL,
            grants.c.person_id == person_id,
            grants.c.issuer == issuer,
            grants.c.client_id == client_id,
        )
    )
    return found.scalar()


async def insert_external_grant(connection: Connection, grant: NewExternalGrant, now: datetime) -> bool:
    """Insert a grant with its households; return False, inserting nothing, when there is one already."""
    inserted = await connection.execute(
        insert_or_skip(grants)
        .values(
            id=grant.id,
            kind=GrantKind.EXTERNAL,
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
