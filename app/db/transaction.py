"""The transaction: opened once per call, and the only commit in the code base."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import anyio
import asyncpg
from sqlalchemy.exc import DBAPIError

from app.db.engine import HOUSEHOLD, POOL_SIZE, WRITE, Connection, Engine
from app.db.faults import CannotConnect, CommitUnknown, has_unknown_outcome, is_lost_connection, unavailable


@asynccontextmanager
async def transaction(
    engine: Engine,
    household_id: UUID | None = None,
    *,
    write: bool = False,
    committed: Callable[[], None] | None = None,
) -> AsyncGenerator[Connection]:
    """A connection inside one transaction: committed at the end of the block, rolled back on any exception.

    With `household_id` the rows of that household, and no others, are visible (row-level security).
    With `write` the household's write lock is held and its `clocks.rev` already counts this change.
    `committed` is called once the changes are stored, also when the caller was cancelled meanwhile; it must not raise.

    Raises `Unavailable` when the database can't be reached, is too busy, or lost the transaction.
    """
    try:
        connection = await _begun(engine, household_id, write)
        try:
            yield connection
            await _to_its_end(_commit(connection, committed))
        except BaseException:
            await _to_its_end(_roll_back(connection))
            raise
        finally:
            await _to_its_end(connection.close())
    except Exception as error:
        if (refusal := unavailable(error)) is not None:
            raise refusal from error
        raise


async def _begun(engine: Engine, household_id: UUID | None, write: bool) -> Connection:
    options = {HOUSEHOLD: household_id, WRITE: write}
    stale = 0
    while True:
        connection = await _connected(engine)
        try:
            await connection.execution_options(**options)
            await connection.begin()
            return connection
        except BaseException as error:
            await _to_its_end(_discard(connection))
            # After a restart of Postgres every pooled connection is stale: each is tried once.
            stale += 1
            if not is_lost_connection(error) or stale > POOL_SIZE:
                raise


async def _connected(engine: Engine) -> Connection:
    try:
        return await engine.connect()
    except (asyncpg.PostgresError, DBAPIError) as error:
        raise CannotConnect from error


async def _commit(connection: Connection, committed: Callable[[], None] | None) -> None:
    try:
        await connection.commit()
    except Exception as error:
        if has_unknown_outcome(error):
            raise CommitUnknown from error
        raise
    if committed is not None:
        committed()


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.rollback()
    except Exception:
        await connection.invalidate()


async def _discard(connection: Connection) -> None:
    await connection.invalidate()
    await connection.close()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, even when the caller is cancelled meanwhile; then pass the cancellation on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError as error:
                cancelled = error
            except Exception:  # noqa: S110  # raised again by task.result()
                pass
    task.result()
    if cancelled is not None:
        raise cancelled
