"""The engine: a bounded pool of asyncpg connections whose transactions are opened and closed by our own listeners.

SQLAlchemy runs in AUTOCOMMIT, so it sends no BEGIN, COMMIT or ROLLBACK of its own: three listeners send them,
because (1) BEGIN and the tenant context travel in one message, and (2) COMMIT of an aborted transaction must fail
instead of silently storing nothing. docs/decisions/0003-the-transaction.md says more.
"""

from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

from app.db.driver import Driver, connect

Connection = AsyncConnection
Engine = AsyncEngine

POOL_SIZE: Final = 10
POOL_WAIT_SECONDS: Final = 5
LOCK_WAIT: Final = "5s"

HOUSEHOLD: Final = "household_id"
WRITE: Final = "write"


class CommitLost(Exception):
    """COMMIT did not commit; the argument is the tag that came back instead."""


def create_engine(url: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for a libpq address such as `postgresql://user:password@host/database`; connects lazily.

    Waiting for a connection is bounded by POOL_WAIT_SECONDS; connecting and each statement by app/db/driver.py.
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
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "commit", _commit)
    event.listen(engine.sync_engine, "rollback", _rollback)
    event.listen(engine.sync_engine, "reset", _drop_open_transaction)
    return engine


async def driver_of(connection: Connection) -> Driver:
    """The asyncpg connection below `connection`, for constant SQL on the hot path, in the same transaction."""
    raw = await connection.get_raw_connection()
    return cast("Driver", raw.driver_connection)


def _begin(connection: SyncConnection) -> None:
    options = connection.get_execution_options()
    household_id = options.get(HOUSEHOLD)
    statements = ["BEGIN"]
    if household_id is not None:
        # SET takes no parameters; a UUID's text is hexadecimal digits and hyphens, whatever the caller passed.
        household = str(UUID(str(household_id)))
        statements.append(f"SET LOCAL app.household_id = '{household}'")
        if options.get(WRITE):
            # The household's clock row is its write lock. Taken here, every later statement of the
            # transaction has a snapshot that is younger than the lock (docs/decisions/0002).
            statements.append(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            statements.append(f"UPDATE clocks SET rev = rev + 1 WHERE household_id = '{household}'")  # noqa: S608
    _send(connection, "; ".join(statements))


def _commit(connection: SyncConnection) -> None:
    tag = _send(connection, "COMMIT")
    if tag != "COMMIT":
        raise CommitLost(tag)


def _rollback(connection: SyncConnection) -> None:
    _send(connection, "ROLLBACK")


def _send(connection: SyncConnection, message: str) -> str:
    """Send one simple-protocol message; the tag of its last command."""
    adapted: Any = connection.connection.dbapi_connection

    def execute(driver: Driver) -> Any:
        return driver.execute(message)

    return cast("str", adapted.run_async(execute))


def _drop_open_transaction(dbapi_connection: Any, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    # Without this, after a cancellation at the wrong moment, the next household would continue inside
    # the transaction of the last one.
    if dbapi_connection is not None and dbapi_connection.driver_connection.is_in_transaction():
        record.invalidate()
