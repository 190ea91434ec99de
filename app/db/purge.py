"""Forgetting what is old: in batches with a transaction each, so that no lock is held for long."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from app.db.engine import Connection, Engine
from app.db.transactions import transaction

BATCH: Final = 500
MOST_BATCHES: Final = 100

Step = Callable[[Connection], Awaitable[int]]
"""Deletes some of what is old, and answers how many rows; 0 when nothing is left."""


async def delete_old(connection: Connection, table: Table, old: ColumnElement[bool], most: int = BATCH) -> int:
    """Delete at most `most` of the rows that are `old`; how many."""
    key: tuple[Any, ...] = tuple(table.primary_key)
    chosen = select(*key).where(old).limit(most).correlate(None)
    # `old` a second time: PostgreSQL looks at it again when someone has just changed the row.
    done = await connection.execute(delete(table).where(tuple_(*key).in_(chosen), old))
    return done.rowcount


async def in_batches(engine: Engine, step: Step, most_batches: int = MOST_BATCHES) -> int:
    """Repeat a step until nothing is left; how many rows went. Raises `Unavailable`.

    What is left after `most_batches` waits for the next time.
    """
    deleted = 0
    for _ in range(most_batches):
        async with transaction(engine) as connection:
            batch = await step(connection)
        if batch == 0:
            break
        deleted += batch
    return deleted
