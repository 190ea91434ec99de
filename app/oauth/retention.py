"""Forgetting what is over: requests, codes, used assertions, and clients that nobody uses."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from app.db import Connection, Engine, transaction
from app.oauth.store import retention as store

OVER_FOR: Final = timedelta(hours=24)
"""How long requests and codes stay after their end: a code that comes again must still be known as one."""

UNUSED_FOR: Final = timedelta(days=90)
MOST_BATCHES: Final = 100

_Step = Callable[[Connection], Awaitable[int]]


async def forget(engine: Engine, now: datetime) -> int:
    """Delete what is over, in batches with a transaction each; how many rows. Raises `Unavailable`.

    More than MOST_BATCHES of one kind wait for the next time.
    """
    steps: list[_Step] = [
        lambda connection: store.delete_requests(connection, now - OVER_FOR),
        lambda connection: store.delete_sign_ins(connection, now - OVER_FOR),
        lambda connection: store.delete_codes(connection, now - OVER_FOR),
        lambda connection: store.delete_assertions(connection, now),
        lambda connection: store.delete_registrations(connection, now - UNUSED_FOR, now),
        lambda connection: store.delete_documents(connection, now - OVER_FOR, now),
    ]
    return sum([await _repeated(engine, step) for step in steps])


async def _repeated(engine: Engine, step: _Step) -> int:
    deleted = 0
    for _ in range(MOST_BATCHES):
        async with transaction(engine) as connection:
            batch = await step(connection)
        deleted += batch
        if batch < store.BATCH:
            break
    return deleted
