"""SQL on the apps that a person has connected: their live grants."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Date, Text, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.db import Connection
from app.households.tables import households, memberships
from app.oauth.grants.repository import live, of_person
from app.oauth.grants.revocation import REPLAYED
from app.oauth.tables import api_keys, grant_households, grants, refresh_families

MOST_CONNECTIONS: Final = 200
"""Of one person: no more can be approved or created as API keys. Tokens of other issuers can create more; then the
newest are shown."""


MOST_CONTESTED: Final = 20
MOST_OF_HOUSEHOLD: Final = 1_000


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A live grant as its person sees it.

    `issuer` is the external issuer that the client belongs to, if it does. `used_on` is the day when it last got a
    token, or was used if it is an API key, and `used_from` the network that this came from; None when they are not
    known. `contested_at` and `contested_from` are when and where its refresh token was first seen in two hands.
    """

    grant_id: UUID
    kind: str
    client_id: str
    issuer: str | None
    name: str
    redirect_host: str | None
    scopes: Sequence[str]
    resource: str
    households: Sequence[str]
    household_refs: Sequence[str]
    created_at: datetime
    used_on: date | None
    used_from: str | None
    expires_at: datetime | None
    contested_at: datetime | None
    contested_from: str | None

    @property
    def host(self) -> str | None:
        """The host of the client's own address, or else the one that its responses go to; None if neither is known."""
        is_address = self.client_id.startswith("https://")
        return urlsplit(self.client_id).netloc if is_address else self.redirect_host


async def find_connected_apps(connection: Connection, person_id: UUID, now: datetime) -> list[ConnectedApp]:
    """Return a person's live grants, newest first, at most MOST_CONNECTIONS; each with their present households."""
    used_at = select(refresh_families.c.used_at).where(refresh_families.c.grant_id == grants.c.id).scalar_subquery()
    used_from = select(refresh_families.c.used_from).where(refresh_families.c.grant_id == grants.c.id)
    key_used_from = select(api_keys.c.last_used_from).where(api_keys.c.grant_id == grants.c.id)
    key_used_on = select(api_keys.c.last_used_on).where(api_keys.c.grant_id == grants.c.id).scalar_subquery()
    names = (
        select(func.array_agg(aggregate_order_by(households.c.name, households.c.name, households.c.ref)))
        .select_from(grant_households)
        .join(households, households.c.id == grant_households.c.household_id)
        .join(memberships, memberships.c.household_id == households.c.id)
        .where(grant_households.c.grant_id == grants.c.id, memberships.c.person_id == person_id)
    )
    refs = names.with_only_columns(
        func.array_agg(aggregate_order_by(households.c.ref, households.c.name, households.c.ref))
    )
    nothing = array([], type_=Text)
    rows = await connection.execute(
        select(
            grants.c.id,
            grants.c.kind,
            grants.c.client_id,
            grants.c.issuer,
            grants.c.client["name"].astext,
            grants.c.client["redirect_host"].astext,
            grants.c.scopes,
            grants.c.resource,
            func.coalesce(names.scalar_subquery(), nothing),
            func.coalesce(refs.scalar_subquery(), nothing),
            grants.c.created_at,
            func.coalesce(cast(func.timezone("UTC", used_at), Date), key_used_on),
            func.coalesce(used_from.scalar_subquery(), key_used_from.scalar_subquery()),
            grants.c.expires_at,
            grants.c.contested_at,
            grants.c.contested_from,
        )
        .where(of_person(person_id), live(now))
        .order_by(grants.c.created_at.desc(), grants.c.id.desc())
        .limit(MOST_CONNECTIONS)
    )
    return [ConnectedApp(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class ContestedApp:
    """A grant that was ended because one of its tokens came a second time: somebody else may have had it."""

    name: str
    ended_at: datetime


async def find_contested_apps(connection: Connection, person_id: UUID, since: datetime) -> list[ContestedApp]:
    """Return a person's grants that were ended for that reason at `since` or later, the latest first."""
    rows = await connection.execute(
        select(grants.c.client["name"].astext, grants.c.revoked_at)
        .where(of_person(person_id), grants.c.revoked_at >= since, grants.c.revoked_because.in_(REPLAYED))
        .order_by(grants.c.revoked_at.desc())
        .limit(MOST_CONTESTED)
    )
    return [ContestedApp(*row) for row in rows]


async def find_apps_of_household(connection: Connection, household_id: UUID) -> dict[str, list[UUID]]:
    """Return the grants that cover a household by what their clients call themselves, also those that have ended.

    Whoever belongs to the household sees the names in its history.
    """
    rows = await connection.execute(
        select(grants.c.client["name"].astext, grants.c.id)
        .join(grant_households, grant_households.c.grant_id == grants.c.id)
        .where(grant_households.c.household_id == household_id, grants.c.client["name"].astext != "")
        .order_by(grants.c.created_at.desc())
        .limit(MOST_OF_HOUSEHOLD)
    )
    found: dict[str, list[UUID]] = {}
    for name, grant_id in rows:
        found.setdefault(name, []).append(grant_id)
    return found


async def names_of_apps(connection: Connection, grant_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return what the clients of grants call themselves, whoever gave the grants, and also of those that have ended."""
    if not grant_ids:
        return {}
    rows = await connection.execute(
        select(grants.c.id, grants.c.client["name"].astext).where(grants.c.id.in_(grant_ids))
    )
    return {grant_id: name for grant_id, name in rows if name}
