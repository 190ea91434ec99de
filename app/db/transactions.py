"""The transaction: opened once per call, and the only commit in the code base."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any, Final, cast
from uuid import UUID

import anyio
import asyncpg
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import func, select
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from app.db.engine import POOL_SIZE, Connection, Driver, Engine
from app.db.faults import (
    CannotConnect,
    CommitLost,
    CommitUnknown,
    has_unknown_outcome,
    is_lost_connection,
    unavailable,
)
from app.limits.concurrency import Slots, take
from app.limits.defaults import WRITERS

LOCK_WAIT: Final = "5s"

_writers: Final = Slots(WRITERS)


class CommittedError(Exception):
    """An error that is an answer: the request fails, and what its transaction has written so far is committed.

    Every other exception rolls the transaction back.
    """


class OpenTransaction:
    """A pooled connection inside one transaction, in two forms: for constant SQL, and for Core."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection) -> None:
        self.driver: Final = cast("Driver", pooled.driver_connection)
        """The asyncpg connection, which costs a third of what Core does."""
        self.pooled: Final = pooled
        self._engine: Final = engine
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The same connection as Core knows it."""
        if self._connection is None:
            sync_connection = SyncConnection(self._engine.sync_engine, connection=self.pooled)
            self._connection = Connection(self._engine, sync_connection)
        return self._connection


@asynccontextmanager
async def transaction(
    engine: Engine,
    household_id: UUID | None = None,
    *,
    write: bool = False,
    committed: Callable[[], None] | None = None,
) -> AsyncGenerator[Connection]:
    """`open_transaction` for those who use Core only."""
    async with open_transaction(engine, household_id, write=write, committed=committed) as opened:
        yield opened.connection


@asynccontextmanager
async def open_transaction(
    engine: Engine,
    household_id: UUID | None = None,
    *,
    write: bool = False,
    committed: Callable[[], None] | None = None,
) -> AsyncGenerator[OpenTransaction]:
    """A connection inside one transaction: committed at the end of the block and on a `CommittedError`, rolled back on
    any other exception.

    With `household_id` the rows of that household, and no others, are visible (row-level security).
    With `write` the household's write lock is held and its `clocks.rev` already counts this change.
    `committed` is called once the changes are stored, also when the caller was cancelled meanwhile; it must not raise.

    Raises `Unavailable` when the database can't be reached, is too busy, or lost the transaction.
    """
    try:
        is_writer = write and household_id is not None
        with await take(_writers.of(household_id), seconds=WRITERS.seconds) if is_writer else nullcontext():
            opened = await _begun(engine, _opening(household_id, write))
            try:
                yield opened
            except CommittedError:
                await _to_its_end(_store(opened, committed))
                raise
            except BaseException:
                await _to_its_end(_give_up(opened))
                raise
            await _to_its_end(_store(opened, committed))
    except Exception as error:
        if (refusal := unavailable(error)) is not None:
            raise refusal from error
        raise


def _opening(household_id: UUID | None, write: bool) -> str:
    if household_id is None:
        return "BEGIN"
    # SET takes no parameters; a UUID's text is hexadecimal digits and hyphens, whatever the caller passed.
    household = str(UUID(str(household_id)))
    opening = f"BEGIN; SET LOCAL app.household_id = '{household}'"
    if not write:
        return opening
    # The household's clock row is its write lock. Taken here, every later statement of the
    # transaction has a snapshot that is younger than the lock (docs/decisions/0002).
    lock = f"UPDATE clocks SET rev = rev + 1 WHERE household_id = '{household}'"  # noqa: S608
    return f"{opening}; SET LOCAL lock_timeout = '{LOCK_WAIT}'; {lock}"


async def _begun(engine: Engine, opening: str) -> OpenTransaction:
    stale = 0
    while True:
        opened = OpenTransaction(engine, await _pooled(engine))
        try:
            await _send(opened.driver, opening)
        except BaseException as error:
            await _to_its_end(_discard(opened))
            # After a restart of Postgres every pooled connection is stale: each is tried once.
            stale += 1
            if not is_lost_connection(error) or stale > POOL_SIZE:
                raise
        else:
            return opened


async def _pooled(engine: Engine) -> PoolProxiedConnection:
    try:
        return await engine.raw_connection()
    except (asyncpg.PostgresError, engine.dialect.loaded_dbapi.Error) as error:
        raise CannotConnect from error


async def _send(driver: Driver, message: str) -> str:
    """Send one simple-protocol message; the tag of its last command."""
    return await driver.execute(message)


async def _store(opened: OpenTransaction, committed: Callable[[], None] | None) -> None:
    try:
        tag = await _send(opened.driver, "COMMIT")
        if tag != "COMMIT":
            raise CommitLost(tag)
    except Exception as error:
        await _give_up(opened)
        if has_unknown_outcome(error):
            raise CommitUnknown from error
        raise
    try:
        if committed is not None:
            committed()
    finally:
        await greenlet_spawn(opened.pooled.close)


async def _give_up(opened: OpenTransaction) -> None:
    try:
        await _send(opened.driver, "ROLLBACK")
    except Exception:
        await _discard(opened)
    else:
        await greenlet_spawn(opened.pooled.close)


async def _discard(opened: OpenTransaction) -> None:
    if opened.pooled.is_valid:
        await greenlet_spawn(opened.pooled.invalidate)
    await greenlet_spawn(opened.pooled.close)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, even when the caller is cancelled meanwhile; then pass the cancellation on."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            while not task.done():
                with suppress(Exception, asyncio.CancelledError):  # raised again by task.result()
                    await asyncio.shield(task)
        task.result()
        raise


async def try_lead(connection: Connection, key: int) -> bool:
    """Take the lock `key` for as long as the transaction lasts; False when another one holds it."""
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(key)))).scalar_one())
