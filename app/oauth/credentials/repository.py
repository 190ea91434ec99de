"""SQL on API keys and service accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select, update

from app.db import Connection
from app.households.tables import households
from app.oauth.clients.models import ClientKind
from app.oauth.clients.repository import LAST_USED_ON
from app.oauth.grants.models import GrantKind
from app.oauth.tables import api_keys, clients, grant_households, grants
from app.people.tables import people


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is listed, without the key itself. `id` is its client id; `person` is an e-mail address, or a
    subject at an external issuer."""

    id: str
    grant_id: UUID
    name: str
    person: str
    household: str
    scopes: Sequence[str]
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None


async def insert_api_key(connection: Connection, key_hash: bytes, grant_id: UUID) -> None:
    """Insert the hash of a key and its grant."""
    await connection.execute(insert(api_keys).values(key_hash=key_hash, grant_id=grant_id))


async def find_key_grant(connection: Connection, key_hash: bytes) -> UUID | None:
    """Return the grant of the key with that hash, live or not."""
    return (await connection.execute(select(api_keys.c.grant_id).where(api_keys.c.key_hash == key_hash))).scalar()


async def note_key_use(connection: Connection, key_hash: bytes, today: date, network: str | None = None) -> None:
    """Record the day of the last use and the network that it came from, with one write a day."""
    is_news = or_(api_keys.c.last_used_on.is_(None), api_keys.c.last_used_on < today)
    await connection.execute(
        update(api_keys)
        .where(api_keys.c.key_hash == key_hash, is_news)
        .values(last_used_on=today, last_used_from=network)
    )


async def find_api_keys(connection: Connection) -> list[ApiKey]:
    """Return every key, also revoked and expired ones, the oldest first."""
    rows = await connection.execute(
        select(
            grants.c.client_id,
            grants.c.id,
            grants.c.client["name"].astext,
            func.coalesce(people.c.email, people.c.subject),
            households.c.name,
            grants.c.scopes,
            grants.c.expires_at,
            grants.c.revoked_at,
            api_keys.c.last_used_on,
        )
        .join(grants, grants.c.id == api_keys.c.grant_id)
        .join(people, people.c.id == grants.c.person_id)
        .join(grant_households, grant_households.c.grant_id == grants.c.id)
        .join(households, households.c.id == grant_households.c.household_id)
        .order_by(grants.c.created_at, grants.c.id)
    )
    return [ApiKey(*row) for row in rows]


async def find_grant_of_key_id(connection: Connection, key_id: str) -> UUID | None:
    """Return the grant of the key with that id."""
    found = await connection.execute(
        select(grants.c.id).join(api_keys, api_keys.c.grant_id == grants.c.id).where(grants.c.client_id == key_id)
    )
    return found.scalar()


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account as it is listed, without its secret."""

    client_id: str
    person_id: UUID
    household_id: UUID
    household: str
    name: str
    method: str
    scopes: list[str]
    last_used_on: date | None
    revoked_at: datetime | None


async def find_service_accounts(connection: Connection) -> list[ServiceAccount]:
    """Return every account, also revoked ones, the oldest first; each with its latest grant."""
    rows = await connection.execute(_select_accounts().order_by(clients.c.created_at, clients.c.id))
    return [ServiceAccount(*row) for row in rows]


async def find_service_account(connection: Connection, client_id: str) -> ServiceAccount | None:
    """Return the account with that client id."""
    row = (await connection.execute(_select_accounts().where(clients.c.id == client_id))).first()
    return None if row is None else ServiceAccount(*row)


def _select_accounts() -> Select[*tuple[Any, ...]]:
    latest = (
        select(grants.c.id)
        .where(grants.c.client_id == clients.c.id, grants.c.kind == GrantKind.SERVICE)
        .order_by(grants.c.created_at.desc(), grants.c.id.desc())
        .limit(1)
        .correlate(clients)
        .scalar_subquery()
    )
    return (
        select(
            clients.c.id,
            grants.c.person_id,
            households.c.id,
            households.c.name,
            clients.c.name,
            clients.c.token_endpoint_auth_method,
            grants.c.scopes,
            LAST_USED_ON,
            grants.c.revoked_at,
        )
        .select_from(clients)
        .join(grants, grants.c.id == latest)
        .join(grant_households, grant_households.c.grant_id == grants.c.id)
        .join(households, households.c.id == grant_households.c.household_id)
        .where(clients.c.kind == ClientKind.SERVICE)
    )
