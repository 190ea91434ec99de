"""SQL on grants."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection
from app.oauth.grants.models import LOCAL_ISSUER, Grant, GrantKind, GrantRow, NewGrant, RevokedGrant
from app.oauth.tables import grant_households, grants

APPROVALS_LOOKED_AT: Final = 20


Which = ColumnElement[bool]
"""A condition that selects grants: one of those below, or `retention_repository.unused`."""


def by_id(grant_id: UUID) -> Which:
    """The grant of that id."""
    return grants.c.id == grant_id


def of_person(person_id: UUID) -> Which:
    """Every grant of a person."""
    return grants.c.person_id == person_id


def approved_by(person_id: UUID) -> Which:
    """Every grant of a person but those of programs on the computer of the database, which need no sign-in."""
    return and_(of_person(person_id), grants.c.issuer.is_distinct_from(LOCAL_ISSUER))


def one_of_person(person_id: UUID, grant_id: UUID) -> Which:
    """The grant of that id, if it is this person's."""
    return and_(by_id(grant_id), of_person(person_id))


def of_client(client_id: str) -> Which:
    """Every grant of a client of this server. A client of another issuer is another client, whatever its id."""
    return and_(grants.c.client_id == client_id, grants.c.issuer.is_(None))


def contested(person_id: UUID, client_id: str) -> Which:
    """Every grant of a person for a client of this server whose refresh token was seen in two hands."""
    return and_(of_person(person_id), of_client(client_id), grants.c.contested_at.is_not(None))


def narrower(grant: NewGrant) -> Which:
    """Every other grant of the same person for the same client and endpoint that allows less in none but the same
    households."""
    elsewhere = select(grant_households.c.grant_id).where(
        grant_households.c.household_id.not_in(list(grant.household_ids))
    )
    return and_(
        of_person(grant.person_id),
        of_client(grant.client_id),
        grants.c.kind == GrantKind.CONSENT,
        grants.c.resource == grant.resource,
        func.cardinality(grants.c.scopes) < len(list(grant.scopes)),  # each scope comes with those that it contains
        grants.c.id.not_in(elsewhere),
    )


def needing(household_id: UUID) -> Which:
    """Every grant that can't do without a household: the one that it means when none is named."""
    covers = select(grant_households.c.grant_id).where(
        grant_households.c.household_id == household_id, grant_households.c.is_default
    )
    return grants.c.id.in_(covers)


async def uncover_household(connection: Connection, household_id: UUID) -> None:
    """Take a household out of all grants."""
    await connection.execute(delete(grant_households).where(grant_households.c.household_id == household_id))


async def insert_grant(connection: Connection, grant: NewGrant, now: datetime) -> bool:
    """Insert a grant and the households that it covers.

    Returns False, inserting nothing, when there is an external one already for its person, issuer and client.
    """
    inserted = await connection.execute(
        insert_or_skip(grants)
        .values(
            id=grant.id,
            kind=grant.kind,
            person_id=grant.person_id,
            client_id=grant.client_id,
            client=grant.client,
            issuer=grant.issuer,
            scopes=sorted(grant.scopes),
            resource=grant.resource,
            created_at=now,
            expires_at=grant.expires_at,
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
        {
            "grant_id": grant.id,
            "household_id": household_id,
            "is_default": household_id == grant.default_household_id,
        }
        for household_id in grant.household_ids
    ]
    await connection.execute(insert(grant_households).values(rows))
    return True


async def find_grant(connection: Connection, grant_id: UUID) -> GrantRow | None:
    """Return a grant, live or not."""
    return _grant_or_none((await connection.execute(_select().where(grants.c.id == grant_id))).first())


async def lock_grant(connection: Connection, grant_id: UUID) -> GrantRow | None:
    """Lock and return a grant, live or not."""
    query = _select().where(grants.c.id == grant_id).with_for_update()
    return _grant_or_none((await connection.execute(query)).first())


async def find_service_grant(connection: Connection, client_id: str, now: datetime) -> GrantRow | None:
    """Return the live grant of a service account."""
    query = _select().where(grants.c.kind == GrantKind.SERVICE, grants.c.client_id == client_id).where(live(now))
    return _grant_or_none((await connection.execute(query)).first())


async def find_external_grant(connection: Connection, person_id: UUID, issuer: str, client_id: str) -> UUID | None:
    """Return the grant of this person for this client of this issuer, revoked or not."""
    query = select(grants.c.id).where(
        of_person(person_id),
        grants.c.kind == GrantKind.EXTERNAL,
        grants.c.issuer == issuer,
        grants.c.client_id == client_id,
    )
    return (await connection.execute(query)).scalar()


async def find_live_grant(connection: Connection, grant_id: UUID, now: datetime) -> Grant | None:
    """Return the live grant of that id; None when it is revoked, expired or unknown."""
    row = await find_grant(connection, grant_id)
    if row is None or not row.is_live(now):
        return None
    households = await find_grant_households(connection, grant_id)
    default = next((household_id for household_id, is_default in households if is_default), None)
    if default is None:
        return None
    return Grant(
        **{each.name: getattr(row, each.name) for each in fields(row)},
        household_ids=tuple(household_id for household_id, _ in households),
        default_household_id=default,
    )


async def find_grant_households(connection: Connection, grant_id: UUID) -> list[tuple[UUID, bool]]:
    """Return the households that a grant covers, each with whether it is the default one, which comes first."""
    rows = await connection.execute(
        select(grant_households.c.household_id, grant_households.c.is_default)
        .where(grant_households.c.grant_id == grant_id)
        .order_by(grant_households.c.is_default.desc(), grant_households.c.household_id)
    )
    return [(row.household_id, row.is_default) for row in rows]


async def count_live(connection: Connection, person_id: UUID, now: datetime) -> int:
    """Return how many live grants a person has."""
    query = select(func.count()).select_from(grants).where(of_person(person_id), live(now))
    return (await connection.execute(query)).scalar_one()


async def revoke_grants(connection: Connection, which: Which, because: str, now: datetime) -> list[RevokedGrant]:
    """Revoke those of the grants that are live, with all their tokens, and return them."""
    # Locked in the order of their ids first, so that two transactions that revoke several never wait for each other.
    ending = select(grants.c.id).where(which, live(now)).order_by(grants.c.id).with_for_update().cte("ending")
    done = await connection.execute(
        update(grants)
        .where(grants.c.id == ending.c.id)
        .values(revoked_at=now, revoked_because=because)
        .returning(grants.c.id, grants.c.person_id, grants.c.client_id)
    )
    return [RevokedGrant(*row) for row in done]


async def widen_grant(connection: Connection, which: Which, scopes: Iterable[str], now: datetime) -> bool:
    """Add scopes to a live grant that a person gave on the consent page; its next access token has them. Returns False
    if there is none."""
    widened = await connection.execute(
        update(grants)
        .where(which, live(now), grants.c.kind == GrantKind.CONSENT)
        .values(scopes=sorted(scopes))
        .returning(grants.c.id)
    )
    return widened.first() is not None


async def contest_grant(connection: Connection, grant_id: UUID, network: str | None, now: datetime) -> bool:
    """Mark a live grant as contested from a network. Returns False for one that is marked already."""
    marked = await connection.execute(
        update(grants)
        .where(by_id(grant_id), live(now), grants.c.contested_at.is_(None))
        .values(contested_at=now, contested_from=network)
        .returning(grants.c.id)
    )
    return marked.first() is not None


async def approved_redirects(connection: Connection, person_id: UUID, client_id: str, now: datetime) -> list[str]:
    """Return the redirect URIs of this person's live grants for this client of this server, the newest first."""
    redirect_uri = grants.c.client["redirect_uri"].astext
    found = await connection.execute(
        select(redirect_uri)
        .where(of_person(person_id), of_client(client_id))
        .where(live(now), redirect_uri.is_not(None))
        .order_by(grants.c.created_at.desc())
        .limit(APPROVALS_LOOKED_AT)
    )
    return list(found.scalars())


def live(now: datetime) -> ColumnElement[bool]:
    """The condition that a grant is neither revoked nor expired."""
    return and_(grants.c.revoked_at.is_(None), or_(grants.c.expires_at.is_(None), grants.c.expires_at > now))


def _select() -> Select[*tuple[Any, ...]]:
    return select(
        *(grants.c[each.name] for each in fields(GrantRow) if each.name in grants.c),
        grants.c.client["name"].astext.label("client_name"),
        grants.c.client["auth_method"].astext.label("auth_method"),
    )


def _grant_or_none(row: Any) -> GrantRow | None:
    if row is None:
        return None
    values: dict[str, Any] = {**row._mapping, "kind": GrantKind(row.kind), "scopes": frozenset(row.scopes)}
    return GrantRow(**values)
