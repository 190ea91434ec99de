"""SQL on clients."""

from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Date, and_, case, cast, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql

from app.db import Connection
from app.oauth.clients.models import Client, ClientKind, Document
from app.oauth.tables import client_assertions, clients

KEPT_METADATA: Final = ("application_type", "grant_types", "response_types", "scope", "software_id")
"""The members of a client's metadata that have no column and are worth storing: clients may send many more."""

_COLUMNS: Final = tuple(clients.c[each.name] for each in fields(Client))


async def insert_client(connection: Connection, client: Client, metadata: dict[str, Any], now: datetime) -> None:
    """Insert a client, with the rest of its validated metadata."""
    await connection.execute(insert(clients).values(**_values(client, metadata), created_at=now, last_used_at=now))


async def find_client(connection: Connection, client_id: str) -> Client | None:
    """Return the client with that id."""
    row = (await connection.execute(select(*_COLUMNS).where(clients.c.id == client_id))).first()
    return None if row is None else _client(row)


# The last use of a new client is its registration, so that unused ones can be purged by it.
LAST_USED_ON: Final = case(
    (clients.c.last_used_at != clients.c.created_at, cast(func.timezone("UTC", clients.c.last_used_at), Date))
)
"""The day of the last use; NULL for a client that was never used."""


async def find_preregistered(connection: Connection) -> list[tuple[Client, date | None]]:
    """Return the clients that were registered by command, each with the day of its last use, if it was used."""
    rows = await connection.execute(
        select(*_COLUMNS, LAST_USED_ON.label("last_used_on"))
        .where(clients.c.kind == ClientKind.PREREGISTERED)
        .order_by(clients.c.created_at, clients.c.id)
    )
    return [(_client(row), row.last_used_on) for row in rows]


async def find_document(connection: Connection, client_id: str) -> Document | None:
    """Return the stored document with that URL."""
    row = (
        await connection.execute(
            select(*_COLUMNS, clients.c.fresh_until, clients.c.stale_until).where(
                clients.c.id == client_id, clients.c.kind == ClientKind.DOCUMENT
            )
        )
    ).first()
    return None if row is None else Document(_client(row), row.fresh_until, row.stale_until)


async def save_document(connection: Connection, document: Document, metadata: dict[str, Any], now: datetime) -> None:
    """Insert or update a document that was just fetched."""
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
    """Expire a document: from now on it serves only the grants that exist."""
    await connection.execute(
        update(clients)
        .where(clients.c.id == client_id, clients.c.kind == ClientKind.DOCUMENT)
        .values(fresh_until=now, stale_until=now)
    )


async def lock_client(connection: Connection, client_id: str) -> Client | None:
    """Lock and return the client with that id; to be called before any of its grants is locked."""
    row = (await connection.execute(select(*_COLUMNS).where(clients.c.id == client_id).with_for_update())).first()
    return None if row is None else _client(row)


async def hold_client(connection: Connection, client_id: str) -> None:
    """Keep the client from being deleted or changed until the transaction ends; to be called as `lock_client`."""
    await connection.execute(select(clients.c.id).where(clients.c.id == client_id).with_for_update(read=True))


async def delete_client(connection: Connection, client_id: str) -> None:
    """Delete a client; its grants stay."""
    await connection.execute(delete(clients).where(clients.c.id == client_id))


async def note_use(connection: Connection, client_id: str, now: datetime) -> None:
    """Record that the client was used today, with one write a day.

    A row that another transaction has locked is left to the next time: this is called after grants are locked, and a
    client may only be waited for before that.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    is_news = or_(clients.c.last_used_at < today, clients.c.last_used_at == clients.c.created_at)
    unnoted = and_(clients.c.id == client_id, is_news)
    free = select(clients.c.id).where(unnoted).with_for_update(skip_locked=True)
    await connection.execute(update(clients).where(clients.c.id.in_(free)).values(last_used_at=now))


def _values(client: Client, metadata: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in metadata.items() if name in KEPT_METADATA}
    return {**asdict(client), "metadata": kept}


def _client(row: Any) -> Client:
    values: dict[str, Any] = {column.name: getattr(row, column.name) for column in _COLUMNS}
    values |= {"kind": ClientKind(row.kind), "redirect_uris": tuple(row.redirect_uris)}
    return Client(**values)


async def use_assertion(connection: Connection, client_id: str, jti_hash: bytes, expires_at: datetime) -> bool:
    """Record the id of an assertion; return False when it was used before. Of two at once, one waits for the other."""
    done = await connection.execute(
        postgresql.insert(client_assertions)
        .values(client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(client_assertions.c.jti_hash)
    )
    return done.first() is not None
