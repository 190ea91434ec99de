"""SQL on grants."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, update

from app.db import Connection
from app.oauth.tables import grant_households, grants


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant without its households."""

    id: UUID
    person_id: UUID
    client_id: str
    client_name: str
    issuer: str | None
    scopes: frozenset[str]
    resource: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A consent that is about to be stored."""

    id: UUID
    person_id: UUID
    client_id: str
    client: dict[str, str]
    scopes: Iterable[str]
    resource: str
    household_ids: Iterable[UUID]
    default_household_id: UUID
    expires_at: datetime | None


async def insert_grant(connection: Connection, grant: NewGrant, now: datetime) -> None:
    """Store a person's consent and the households it covers."""
    await connection.execute(
        insert(grants).values(
            id=grant.id,
            kind="consent",
            person_id=grant.person_id,
            client_id=grant.client_id,
            client=grant.client,
            scopes=sorted(grant.scopes),
            resource=grant.resource,
            created_at=now,
            expires_at=grant.expires_at,
        )
    )
    rows = [
        {
            "grant_id": grant.id,
            "household_id": household_id,
            "is_default": household_id == grant.default_household_id,
        }
        for household_id in grant.household_ids
    ]
    await connection.execute(insert(grant_households).values(rows))


async def find_grant(connection: Connection, grant_id: UUID) -> GrantRow | None:
    """A grant, dead or alive."""
    return _grant_or_none((await connection.execute(_select(grant_id))).first())


async def lock_grant(connection: Connection, grant_id: UUID) -> GrantRow | None:
    """The same, locked until the transaction ends."""
    return _grant_or_none((await connection.execute(_select(grant_id).with_for_update())).first())


async def find_grant_households(connection: Connection, grant_id: UUID) -> list[tuple[UUID, bool]]:
    """The households a grant covers, each with whether it is the default one; the default first."""
    rows = await connection.execute(
        select(grant_households.c.household_id, grant_households.c.is_default)
        .where(grant_households.c.grant_id == grant_id)
        .order_by(grant_households.c.is_default.desc(), grant_households.c.household_id)
    )
    return [(row.household_id, row.is_default) for row in rows]


async def revoke_grant(connection: Connection, grant_id: UUID, because: str, now: datetime) -> bool:
    """End a grant, and with it all its tokens; False when it had ended already."""
    done = await connection.execute(
        update(grants)
        .where(grants.c.id == grant_id, grants.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=because)
        .returning(grants.c.id)
    )
    return done.first() is not None


async def has_approved(connection: Connection, person_id: UUID, client_id: str) -> bool:
    """Whether this person has a grant for this client that they have not revoked. A client of another issuer is not
    this client, whatever its id."""
    found = await connection.execute(
        select(grants.c.id)
        .where(
            grants.c.person_id == person_id,
            grants.c.client_id == client_id,
            grants.c.issuer.is_(None),
            grants.c.revoked_at.is_(None),
        )
        .limit(1)
    )
    return found.first() is not None


def _select(grant_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(
        grants.c.id,
        grants.c.person_id,
        grants.c.client_id,
        grants.c.client["name"].astext.label("client_name"),
        grants.c.issuer,
        grants.c.scopes,
        grants.c.resource,
        grants.c.created_at,
        grants.c.expires_at,
        grants.c.revoked_at,
    ).where(grants.c.id == grant_id)


def _grant_or_none(row: Any) -> GrantRow | None:
    if row is None:
        return None
    return GrantRow(
        id=row.id,
        person_id=row.person_id,
        client_id=row.client_id,
        client_name=row.client_name,
        issuer=row.issuer,
        scopes=frozenset(row.scopes),
        resource=row.resource,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
