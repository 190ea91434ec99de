"""SQL on what a person has connected: their live grants."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.db import Connection
from app.households.tables import households, memberships
from app.oauth.grants.repository import live, of_person
from app.oauth.tables import api_keys, grant_households, grants, refresh_families

MOST_CONNECTIONS: Final = 200
"""Of one person: more can't be approved, and no API key made beside them. Tokens of other issuers can make more, and
then the newest are shown."""


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A live grant as its person sees it.

    `issuer` is whose client it is; None for one of ours. `used_on` is the day when it last asked for a token, or was
    used, if it is an API key; None when that is not known.
    """

    grant_id: UUID
    kind: str
    client_id: str
    issuer: str | None
    name: str
    redirect_host: str | None
    scopes: tuple[str, ...]
    households: tuple[str, ...]
    household_refs: tuple[str, ...]
    created_at: datetime
    used_on: date | None
    expires_at: datetime | None

    @property
    def host(self) -> str | None:
        """The host of the client's own address, or else the one that its responses go to; None if neither is known."""
        is_address = self.client_id.startswith("https://")
        return urlsplit(self.client_id).netloc if is_address else self.redirect_host


async def find_connected_apps(connection: Connection, person_id: UUID, now: datetime) -> list[ConnectedApp]:
    """The live grants of a person, newest first, at most MOST_CONNECTIONS; each with today's households of theirs."""
    used_at = select(refresh_families.c.used_at).where(refresh_families.c.grant_id == grants.c.id).scalar_subquery()
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
    rows = await connection.execute(
        select(
            grants.c.id,
            grants.c.kind,
            grants.c.client_id,
            grants.c.issuer,
            grants.c.client["name"].astext.label("name"),
            grants.c.client["redirect_host"].astext.label("redirect_host"),
            grants.c.scopes,
            names.scalar_subquery().label("households"),
            refs.scalar_subquery().label("household_refs"),
            grants.c.created_at,
            func.coalesce(cast(func.timezone("UTC", used_at), Date), key_used_on).label("used_on"),
            grants.c.expires_at,
        )
        .where(of_person(person_id), live(now))
        .order_by(grants.c.created_at.desc(), grants.c.id.desc())
        .limit(MOST_CONNECTIONS)
    )
    return [
        ConnectedApp(
            grant_id=row.id,
            kind=row.kind,
            client_id=row.client_id,
            issuer=row.issuer,
            name=row.name,
            redirect_host=row.redirect_host,
            scopes=tuple(row.scopes),
            households=tuple(row.households or ()),
            household_refs=tuple(row.household_refs or ()),
            created_at=row.created_at,
            used_on=row.used_on,
            expires_at=row.expires_at,
        )
        for row in rows
    ]
