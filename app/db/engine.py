"""The engine: a bounded pool of asyncpg connections. app/db/transactions.py begins and ends their transactions.

SQLAlchemy runs in AUTOCOMMIT, so it sends no BEGIN, COMMIT or ROLLBACK of its own: what Core executes becomes part of
the transaction that is open on the connection. docs/decisions/0003-the-transaction.md says why.
"""

from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast
from uuid import uuid4

import asyncpg
from sqlalchemy import event, make_url
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState, QueuePool

from app.errors import StartupError

Connection = AsyncConnection
Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic in its stubs only

POOL_SIZE: Final = 10
POOL_WAIT_SECONDS: Final = 5
CONNECT_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 20

PLAN_ONCE: Final = "SET plan_cache_mode = force_generic_plan; SET jit = off"
"""Plan each prepared statement once for a connection, whatever its parameters are.

The statements of a write have many parts and touch few rows: planning one took two to four times as long as executing
it, and PostgreSQL went on planning it for every call, whenever its estimate for the general plan was a little higher.
Citus must plan with the parameters, because they say which node has the rows.
"""

CONTEXT: Final = "context AS MATERIALIZED (SELECT set_config('app.household_id', $1::uuid::text, true))"
"""The beginning of a statement that is a transaction of its own: it sets the household ($1) for itself alone."""

IN_CONTEXT: Final = "(SELECT true FROM context)"
"""The condition that each part of such a statement has, so that it runs after `CONTEXT`."""


@dataclass(slots=True)
class _Abilities:
    """What the database can do; None until the first connection has tried it."""

    one_message: bool | None


@dataclass(frozen=True, slots=True)
class _Connecting:
    """A connection being made, which begins when it is awaited: it may be given up before without a warning."""

    connect: Callable[[], Coroutine[Any, Any, Driver]]

    def __await__(self) -> Generator[Any, Any, Driver]:
        return self.connect().__await__()


class Engine(AsyncEngine):
    """A pool of connections to one database, and what that database can do."""

    __slots__ = ("_abilities",)

    def __init__(self, pool: AsyncEngine, abilities: _Abilities) -> None:
        super().__init__(pool.sync_engine)
        self._abilities = abilities

    @property
    def takes_one_message(self) -> bool:
        """Whether a statement may set its own household. False as well before the first connection."""
        return self._abilities.one_message is True

    async def pooled_connection(self) -> PoolProxiedConnection:
        """Return a connection of the pool: an idle one at once, without the greenlet that waiting takes."""
        if cast("QueuePool", self.pool).checkedin():
            with suppress(MissingGreenlet):  # it was lost, and must be opened again
                return self.sync_engine.raw_connection()
        return await self.raw_connection()


def create_engine(url: str, *, pool_size: int = POOL_SIZE, one_message: bool = True) -> Engine:
    """An engine for a libpq address such as `postgresql://user:password@host/database`; connects lazily.

    With `one_message=False` no statement sets its own household, whatever the database can do, and PostgreSQL decides
    itself when to plan.
    Waiting for a connection is bounded by POOL_WAIT_SECONDS, connecting and each statement by the seconds above.
    """
    abilities = _Abilities(None if one_message else False)

    async def connect_and_try() -> Driver:
        driver = await connect(url)
        try:
            if abilities.one_message is None:
                abilities.one_message = await takes_one_message(driver)
            if abilities.one_message:
                await driver.execute(PLAN_ONCE)
        except BaseException:
            driver.terminate()  # nobody else knows of it yet
            raise
        return driver

    pool = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: _Connecting(connect_and_try),
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_reset_on_return=None,
    )
    event.listen(pool.sync_engine, "reset", _drop_open_transaction)
    return Engine(pool, abilities)


def role_of(url: str) -> str:
    """Return the role in a database URL. Raises `StartupError` when there is none."""
    role = make_url(url).username
    if not role:
        raise StartupError("DATABASE_URL: must name the role to connect as (postgresql://role:password@host/database)")
    return role


async def connect(url: str) -> Driver:
    """A connection to a libpq address such as `postgresql://role:password@host/database?sslmode=require`."""
    dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)


async def takes_one_message(driver: Driver) -> bool:
    """Try whether a statement can set its own household, for all its parts and for nothing after it.

    On Citus it can't: `set_config` in a statement does not reach the workers that hold the rows. A pooler might give
    the connection of a household to the next caller with the setting still on it.
    """
    household_id = uuid4()
    seen = await driver.fetchval(
        f"WITH {CONTEXT} SELECT {_HOUSEHOLD_SET} = $1 FROM pg_class WHERE {IN_CONTEXT} LIMIT 1",  # noqa: S608
        household_id,
    )
    is_citus, left = await driver.fetchrow(
        f"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'), {_HOUSEHOLD_SET}"  # noqa: S608
    ) or (True, None)
    return seen is True and left is None and not is_citus


_HOUSEHOLD_SET: Final = "nullif(current_setting('app.household_id', true), '')::uuid"
"""The household of a connection, as the policies of row-level security read it."""


def _drop_open_transaction(dbapi_connection: Any, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    # Without this, after a cancellation at the wrong moment, the next household would continue inside
    # the transaction of the last one.
    if dbapi_connection is not None and dbapi_connection.driver_connection.is_in_transaction():
        record.invalidate()
