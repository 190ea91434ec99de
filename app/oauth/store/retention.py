"""SQL that forgets: each function deletes up to BATCH rows, and answers how many."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, delete, exists, select, tuple_

from app.db import Connection
from app.oauth.store.grants import live
from app.oauth.tables import authorization_requests, client_assertions, clients, codes, grants, upstream_sign_ins

BATCH: Final = 500


async def delete_requests(connection: Connection, before: datetime) -> int:
    """Authorization requests that expired."""
    return await _delete(connection, authorization_requests, authorization_requests.c.expires_at < before)


async def delete_sign_ins(connection: Connection, before: datetime) -> int:
    """Sign-ins at another provider that began before, without a request; the others go with theirs."""
    old = and_(upstream_sign_ins.c.request_id.is_(None), upstream_sign_ins.c.created_at < before)
    return await _delete(connection, upstream_sign_ins, old)


async def delete_codes(connection: Connection, before: datetime) -> int:
    """Codes that expired."""
    return await _delete(connection, codes, codes.c.expires_at < before)


async def delete_assertions(connection: Connection, before: datetime) -> int:
    """Ids of client assertions that ended."""
    return await _delete(connection, client_assertions, client_assertions.c.expires_at < before)


async def delete_registrations(connection: Connection, before: datetime, now: datetime) -> int:
    """Clients that registered themselves, were not used since, and have no live grant."""
    unused = and_(clients.c.kind == "dynamic", clients.c.last_used_at < before)
    return await _delete(connection, clients, and_(unused, ~_has_live_grant(now)))


async def delete_documents(connection: Connection, before: datetime, now: datetime) -> int:
    """Documents that would have to be fetched again since, of clients without a live grant."""
    return await _delete(
        connection,
        clients,
        and_(clients.c.kind == "document", clients.c.stale_until < before, ~_has_live_grant(now)),
    )


def _has_live_grant(now: datetime) -> ColumnElement[bool]:
    return exists().where(grants.c.client_id == clients.c.id, live(now))


async def _delete(connection: Connection, table: Table, old: ColumnElement[bool]) -> int:
    key: tuple[Any, ...] = tuple(table.primary_key)
    chosen = select(*key).where(old).limit(BATCH).correlate(None)
    # `old` a second time: PostgreSQL looks at it again when someone has just used the row.
    done = await connection.execute(delete(table).where(tuple_(*key).in_(chosen), old))
    return done.rowcount
