"""SQL on clients."""

from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Date, and_, case, cast, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql

from app.db import Connection
from app.oauth.clients.models import Client, ClientKind, Document
from app.oauth.tables import client_assertions, clients

KEPT_METADATA: Final = ("application_type", "grant_types", "response_types", "scope", "software_id")
"""What a client said of itself and has no column, as far as it is worth keeping: anybody may say much."""


_COLUMNS: Final = (
    clients.c.id,
    clients.c.kind,
    clients.c.name,
    clients.c.redirect_uris,
    clients.c.token_endpoint_auth_method,
    clients.c.secret_hash,
    clients.c.jwks,
    clients.c.jwks_uri,
    clients.c.may_introspect,
)


async def insert_client(connection: Connection, client: Client, metadata: dict[str, Any], now: datetime) -> None:
    """Store a registration, with the rest of its validated metadata."""
    await connection.execute(insert(clients).values(**_values(client, metadata), created_at=now, last_used_at=now))


async def find_client(connection: Connection, client_id: str) -> Client | None:
    """The client of that id."""
    row = (await connection.execute(select(*_COLUMNS).where(clients.c.id == client_id))).first()
    return None if row is None else _client(row)


# A client begins with the moment of its registration as its last use, from which unused ones are purged.
LAST_USED_ON: Final = case(
    (clients.c.last_used_at != clients.c.created_at, cast(func.timezone("UTC", clients.c.last_used_at), Date))
)
"""The day of the last use; NULL for none so far."""


async def find_preregistered(connection: Connection) -> list[tuple[Client, date | None]]:
    """The clients that were registered by command, each with the day of its last use, if it was used."""
    rows = await connection.execute(
        select(*_COLUMNS, LAST_USED_ON.label("last_used_on"))
        .where(clients.c.kind == ClientKind.PREREGISTERED)
        .order_by(clients.c.created_at, clients.c.id)
    )
    return [(_client(row), row.last_used_on) for row in rows]


async def find_document(connection: Connection, client_id: str) -> Document | None:
    """What is kept of the document at that address."""
    row = (
        await connection.execute(
            select(*_COLUMNS, clients.c.fresh_until, clients.c.stale_until).where(
                clients.c.id == client_id, clients.c.kind == ClientKind.DOCUMENT
            )
        )
    ).first()
    return None if row is None else Document(_client(row), row.fresh_until, row.stale_until)


async def save_document(connection: Connection, document: Document, metadata: dict[str, Any], now: datetime) -> None:
    """Keep a document as it was just fetched."""
    described = {
        **_values(document.client, metadata),
        "fresh_until": document.fresh_until,
        "stale_until": document.stale_until,
    }
    await connection.execute(
        postgresql.insert(clients)
        .values(**described, created_at=now, last_used_at=now)
        .on_conflict_do_update(
            index_elements=[clients.c.id],
            set_={name: value for name, value in described.items() if name not in ("id", "kind")},
            where=clients.c.kind == ClientKind.DOCUMENT,
        )
    )


async def drop_document(connection: Connection, client_id: str, now: datetime) -> None:
    """Let a document serve nobody any more but the grants that it was approved for."""
    await connection.execute(
        update(clients)
        .where(clients.c.id == client_id, clients.c.kind == ClientKind.DOCUMENT)
        .values(fresh_until=now, stale_until=now)
    )


async def lock_client(connection: Connection, client_id: str) -> Client | None:
    """The client of that id, locked until the transaction ends; before any grant of it."""
    row = (await connection.execute(select(*_COLUMNS).where(clients.c.id == client_id).with_for_update())).first()
    return None if row is None else _client(row)


async def hold_client(connection: Connection, client_id: str) -> None:
    """Let nobody delete or change the client until the transaction ends; before any grant of it."""
    await connection.execute(select(clients.c.id).where(clients.c.id == client_id).with_for_update(read=True))


async def delete_client(connection: Connection, client_id: str) -> None:
    """Forget a client; its grants stay."""
    await connection.execute(delete(clients).where(clients.c.id == client_id))


async def note_use(connection: Connection, client_id: str, now: datetime) -> None:
    """Remember that the client is still in use; the next time, if somebody else has its row just now. It is called
    behind the locks of grants, and whoever waits for a client must come before those. A write only for the first use
    of a day."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    is_news = or_(clients.c.last_used_at < today, clients.c.last_used_at == clients.c.created_at)
    unnoted = and_(clients.c.id == client_id, is_news)
    free = select(clients.c.id).where(unnoted).with_for_update(skip_locked=True)
    await connection.execute(update(clients).where(clients.c.id.in_(free)).values(last_used_at=now))


def _values(client: Client, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": client.id,
        "kind": client.kind,
        "name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "secret_hash": client.secret_hash,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "may_introspect": client.may_introspect,
        "metadata": {name: value for name, value in metadata.items() if name in KEPT_METADATA},
    }


def _client(row: Any) -> Client:
    return Client(
        id=row.id,
        kind=ClientKind(row.kind),
        name=row.name,
        redirect_uris=tuple(row.redirect_uris),
        token_endpoint_auth_method=row.token_endpoint_auth_method,
        secret_hash=row.secret_hash,
        jwks=row.jwks,
        jwks_uri=row.jwks_uri,
        may_introspect=row.may_introspect,
    )


async def use_assertion(connection: Connection, client_id: str, jti_hash: bytes, expires_at: datetime) -> bool:
    """Remember the id of an assertion; False when it was used before. Of two at once, one waits for the other."""
    done = await connection.execute(
        postgresql.insert(client_assertions)
        .values(client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(client_assertions.c.jti_hash)
    )
    return done.first() is not None
