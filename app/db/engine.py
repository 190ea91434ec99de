"""The engine: a bounded pool of asyncpg connections. app/db/transactions.py begins and ends their transactions.

SQLAlchemy runs in AUTOCOMMIT, so it sends no BEGIN, COMMIT or ROLLBACK of its own: what Core executes becomes part of
the transaction that is open on the connection. docs/decisions/0003-the-transaction.md says why.
"""

from functools import partial
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

Connection = AsyncConnection
Engine = AsyncEngine

POOL_SIZE: Final = 10
POOL_WAIT_SECONDS: Final = 5


def create_engine(url: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for a libpq address such as `postgresql://user:password@host/database`; connects lazily.

    Waiting for a connection is bounded by POOL_WAIT_SECONDS; connecting and each statement by app/db/engine.py.
    """

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(connect, url),
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "reset", _drop_open_transaction)
    return engine


def _drop_open_transaction(dbapi_connection: Any, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    # Without this, after a cancellation at the wrong moment, the next household would continue inside
    # the transaction of the last one.
    if dbapi_connection is not None and dbapi_connection.driver_connection.is_in_transaction():
        record.invalidate()


Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic in its stubs only

CONNECT_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 20


async def connect(url: str) -> Driver:
    """A connection to a libpq address such as `postgresql://role:password@host/database?sslmode=require`."""
    dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
