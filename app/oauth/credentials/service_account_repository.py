"""SQL on service accounts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.db import Connection
from app.households.tables import households
from app.oauth.clients.models import ClientKind
from app.oauth.clients.repository import LAST_USED_ON
from app.oauth.grants.models import GrantKind
from app.oauth.tables import clients, grant_households, grants


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
    rows = await connection.execute(_select().order_by(clients.c.created_at, clients.c.id))
    return [ServiceAccount(*row) for row in rows]


async def find_service_account(connection: Connection, client_id: str) -> ServiceAccount | None:
    """Return the account with that client id."""
    row = (await connection.execute(_select().where(clients.c.id == client_id))).first()
    return None if row is None else ServiceAccount(*row)


def _select() -> Select[*tuple[Any, ...]]:
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
