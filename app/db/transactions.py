"""Transactions: one per call, with the only COMMIT in the code base; and statements that are sent alone, each in one
message and a transaction by itself (docs/decisions/0019)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from time import monotonic
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import anyio
import asyncpg
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import func, select
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from app.db.engine import CONTEXT, POOL_SIZE, Connection, Driver, Engine
from app.db.faults import (
    RETRY_SECONDS,
    CannotConnect,
    CommitLost,
    CommitUnknown,
    has_unknown_outcome,
    is_lost_connection,
    unavailable,
)
from app.errors import Unavailable
from app.limits.concurrency import Slots, Taken, take
from app.limits.defaults import CONNECTIONS, WAITING_WRITERS, WRITERS

LOCK_WAIT: Final = "5s"

BRIEF_LOCK_WAIT: Final = "100ms"

WRITE_CONTEXT: Final = CONTEXT.replace("true))", f"true), set_config('lock_timeout', '{BRIEF_LOCK_WAIT}', true))")
"""`CONTEXT` for a statement that writes.

It waits only briefly for a writer in another process, because that writer will have changed what the statement depends
on. A transaction waits longer, and its caller can cancel the wait.
"""

PROMPT_SECONDS: Final = 0.1
"""A wait up to this long counts as none: it is how long a statement that is sent alone waits for a lock."""

Rows = Sequence[asyncpg.Record]

Revalidate = Callable[["Driver | None"], Awaitable[None]]
"""Called after a wait, before anything is stored: raises if the caller may no longer write. It gets the connection
that is held by then, if there is one, because code that holds a connection must not wait for another."""

_writers: Final = Slots(WRITERS)
_waiting: Final = Slots(WAITING_WRITERS)
_connections: Final = Slots(CONNECTIONS)

Result = TypeVar("Result")


class CommittedError(Exception):
    """An error that is an answer: the request fails, but what its transaction has written so far is committed.

    Every other exception rolls the transaction back.
    """


class OpenTransaction:
    """A pooled connection inside a transaction, in two forms: asyncpg's for constant SQL, and SQLAlchemy Core's."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection) -> None:
        self.driver: Final = cast("Driver", pooled.driver_connection)
        """The asyncpg connection, which costs a third of what Core does."""
        self.pooled: Final = pooled
        self._engine: Final = engine
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The same connection for SQLAlchemy Core."""
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
    """Open a transaction, for callers that use only SQLAlchemy Core; see `open_transaction`."""
    async with open_transaction(engine, household_id, write=write, committed=committed) as opened:
        yield opened.connection


@asynccontextmanager
async def open_transaction(
    engine: Engine,
    household_id: UUID | None = None,
    *,
    write: bool = False,
    committed: Callable[[], None] | None = None,
    revalidate: Revalidate | None = None,
) -> AsyncGenerator[OpenTransaction]:
    """Open a transaction: committed at the end of the block and on a `CommittedError`, rolled back on any other
    exception.

    With `household_id` the rows of that household, and no others, are visible (row-level security).
    With `write` the household's write lock is held and its `clocks.rev` already counts this change.
    `committed` is called once the changes are stored, even if the caller was cancelled meanwhile; it must not raise.
    `revalidate` is called when a writer had to wait: for its turn, for a connection, or for another process's lock.

    Raises `Unavailable` when the database can't be reached, is too busy, or lost the transaction.
    """
    began = monotonic()
    with (
        _in_our_words,
        await _turn_of(household_id, revalidate) if write and household_id is not None else nullcontext(),
        await _share_of(household_id) if household_id is not None else nullcontext(),
    ):
        opened = await _begun(engine, _opening(engine, household_id, write))
        try:
            if revalidate is not None and monotonic() - began > PROMPT_SECONDS:
                await revalidate(opened.driver)
            yield opened
        except CommittedError:
            await _to_its_end(_store(opened, committed))
            raise
        except BaseException:
            await _to_its_end(_give_up(opened))
            raise
        await _to_its_end(_store(opened, committed))


class _InOurWords:
    """Raises `Unavailable` in place of errors that mean that the database can't be reached or is busy."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and (refusal := unavailable(error)) is not None:
            raise refusal from error


_in_our_words: Final = _InOurWords()


async def take_turn(household_id: UUID, revalidate: Revalidate | None = None) -> Taken:
    """Wait for a turn to write in a household; it lasts until what is returned is closed.

    The writes of this process take turns, because a write that another one overtakes has to start again.
    `open_transaction` takes its turn by itself; before `store_alone` it must be taken. `revalidate` is called if there
    was a wait.
    Raises `Unavailable` after too long a wait, or at once if too many are waiting.
    """
    with _in_our_words:
        return await _turn_of(household_id, revalidate)


async def _turn_of(household_id: UUID, revalidate: Revalidate | None) -> Taken:
    turn = _writers.of(household_id)
    if not turn.locked():
        return await take(turn, seconds=WRITERS.seconds)
    waiting = _waiting.of(household_id)
    if waiting.locked():
        message = "Too many changes of this household are waiting already. Try again shortly."
        raise Unavailable(message, retry_after=RETRY_SECONDS)
    with await take(waiting, seconds=0):
        taken = await take(turn, seconds=WRITERS.seconds)
    try:
        if revalidate is not None:
            await revalidate(None)
    except BaseException:
        taken.close()
        raise
    return taken


async def _share_of(household_id: UUID) -> Taken:
    """Wait for one of the connections that a household may have at once."""
    return await take(_connections.of(household_id), seconds=CONNECTIONS.seconds)


async def fetch_alone(engine: Engine, household_id: UUID, statement: str, *values: object) -> Rows:
    """Return the rows of a statement that only reads, and begins with `CONTEXT`.

    Raises `Unavailable` when the database can't be reached or is too busy.
    """
    with _in_our_words:
        share = await _share_of(household_id)
    with share:
        return await fetch(engine, statement, household_id, *values)


async def fetch(engine: Engine, statement: str, *values: object) -> Rows:
    """Return the rows of a statement that only reads, outside of any transaction and household.

    Raises `Unavailable` when the database can't be reached or is too busy.
    """
    stale = 0
    with _in_our_words:
        while True:
            opened = OpenTransaction(engine, await _pooled(engine))
            try:
                rows = await opened.driver.fetch(statement, *values)
            except BaseException as error:
                await _to_its_end(_give_up(opened))
                stale += 1
                if not is_lost_connection(error) or stale > POOL_SIZE:
                    raise
            else:
                opened.pooled.close()
                return rows


async def store_alone(
    engine: Engine,
    household_id: UUID,
    statement: str,
    *values: object,
    stored: Callable[[Rows], Result],
    revalidate: Revalidate | None = None,
) -> Result:
    """Send a statement that begins with `WRITE_CONTEXT` and stores all of a change or nothing; return what `stored`
    makes of its rows. There are none when another process holds the household's lock.

    Once it is sent, it is carried out and `stored` is called even if the caller is cancelled; `stored` must not raise.
    `revalidate` is called first if it had to wait for a connection.
    Raises `Unavailable` when the database can't be reached, is too busy, or was lost while the statement was under way.
    """
    began = monotonic()
    with _in_our_words, await _share_of(household_id):
        opened = await _connected(engine)
        if revalidate is not None and monotonic() - began > PROMPT_SECONDS:
            await _revalidate(opened, revalidate)
        return await _to_its_end(_store_alone(opened, household_id, statement, values, stored))


async def _revalidate(opened: OpenTransaction, revalidate: Revalidate) -> None:
    try:
        await revalidate(opened.driver)
    except BaseException:
        await _to_its_end(_give_up(opened))
        raise


async def _connected(engine: Engine) -> OpenTransaction:
    """Return a connection that is still open: what was sent on a lost one can't be sent again."""
    while True:
        opened = OpenTransaction(engine, await _pooled(engine))
        if not opened.driver.is_closed():
            return opened
        await _to_its_end(_discard(opened))


async def _store_alone(
    opened: OpenTransaction,
    household_id: UUID,
    statement: str,
    values: Sequence[object],
    stored: Callable[[Rows], Result],
) -> Result:
    rows: Rows = []
    try:
        rows = await _send_alone(opened.driver, statement, household_id, *values)
    except asyncpg.LockNotAvailableError:
        pass
    except Exception as error:
        await _give_up(opened)
        if has_unknown_outcome(error):
            raise CommitUnknown from error
        raise
    try:
        return stored(rows)
    finally:
        opened.pooled.close()


async def _send_alone(driver: Driver, statement: str, *values: object) -> Rows:
    return await driver.fetch(statement, *values)


def _opening(engine: Engine, household_id: UUID | None, write: bool) -> Sequence[str]:
    """Return the messages that begin a transaction."""
    if household_id is None:
        return ["BEGIN"]
    household = _text_of(household_id)
    opening = f"BEGIN; {_set(household)}"
    if not write:
        return [opening]
    # The household's clock row is its write lock. Taken here, every later statement of the
    # transaction has a snapshot that is younger than the lock (docs/decisions/0002).
    opening = f"{opening}; SET LOCAL lock_timeout = '{LOCK_WAIT}'"
    lock = f"UPDATE clocks SET rev = rev + 1 WHERE household_id = '{household}'"  # noqa: S608
    # Citus does not pass on settings that came in the same message.
    return [f"{opening}; {lock}"] if engine.takes_one_message else [opening, lock]


async def set_household(driver: Driver, household_id: UUID) -> None:
    """Make the rows of a household, and no others, visible for the rest of the transaction."""
    await _send(driver, _set(_text_of(household_id)))


def _set(household: str) -> str:
    return f"SET LOCAL app.household_id = '{household}'"


def _text_of(household_id: UUID) -> str:
    # SET takes no parameters; a UUID's text is hexadecimal digits and hyphens, whatever the caller passed.
    return str(UUID(str(household_id)))


async def _begun(engine: Engine, opening: Sequence[str]) -> OpenTransaction:
    stale = 0
    while True:
        opened = OpenTransaction(engine, await _pooled(engine))
        try:
            for message in opening:
                await _send(opened.driver, message)
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
        return await engine.pooled_connection()
    except (asyncpg.PostgresError, engine.dialect.loaded_dbapi.Error) as error:
        raise CannotConnect from error


async def _send(driver: Driver, message: str) -> str:
    """Send one simple-protocol message, and return the tag of its last command."""
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


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end, even when the caller is cancelled meanwhile; then pass the cancellation on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            while not task.done():
                with suppress(Exception, asyncio.CancelledError):  # raised again by task.result()
                    await asyncio.shield(task)
        task.result()
        raise


async def try_lead(connection: Connection, key: int) -> bool:
    """Take the advisory lock `key` until the transaction ends; False if another one holds it."""
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(key)))).scalar_one())
