"""SQL on clients."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update

from app.db import Connection
from app.oauth.tables import clients

# The time of last use serves a purge after 90 days: a day's precision is enough, and spares a write per token.
USE_PRECISION: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. `kind` is `dynamic`, `document` or `preregistered`."""

    id: str
    kind: str
    name: str
    redirect_uris: tuple[str, ...]
    token_endpoint_auth_method: str
    secret_hash: bytes | None
    may_introspect: bool = False


async def insert_client(connection: Connection, client: Client, metadata: dict[str, Any], now: datetime) -> None:
    """Store a registration, with the rest of its validated metadata."""
    await connection.execute(
        insert(clients).values(
            id=client.id,
            kind=client.kind,
            name=client.name,
            redirect_uris=list(client.redirect_uris),
            token_endpoint_auth_method=client.token_endpoint_auth_method,
            secret_hash=client.secret_hash,
            may_introspect=client.may_introspect,
            metadata=metadata,
            created_at=now,
            last_used_at=now,
        )
    )


async def find_client(connection: Connection, client_id: str) -> Client | None:
    """The client of that id."""
    row = (
        await connection.execute(
            select(
                clients.c.id,
                clients.c.kind,
                clients.c.name,
                clients.c.redirect_uris,
                clients.c.token_endpoint_auth_method,
                clients.c.secret_hash,
                clients.c.may_introspect,
            ).where(clients.c.id == client_id)
        )
    ).first()
    if row is None:
        return None
    return Client(
        id=row.id,
        kind=row.kind,
        name=row.name,
        redirect_uris=tuple(row.redirect_uris),
        token_endpoint_auth_method=row.token_endpoint_auth_method,
        secret_hash=row.secret_hash,
        may_introspect=row.may_introspect,
    )


async def note_use(connection: Connection, client_id: str, now: datetime) -> None:
    """Remember that the client is still in use."""
    await connection.execute(
        update(clients)
        .where(clients.c.id == client_id, clients.c.last_used_at < now - USE_PRECISION)
        .values(last_used_at=now)
    )
