"""Removing what has expired and belongs to no household: counters of attempts, one-time links, browser sessions."""

from datetime import datetime
from typing import Final

from app.db import Engine, transaction
from app.people.purge_repository import purge_expired

BATCH: Final = 1000
MOST_BATCHES: Final = 100


async def tidy(engine: Engine, now: datetime) -> None:
    """Remove it in batches, each a transaction; what is left after MOST_BATCHES waits. Raises `Unavailable`."""
    for _ in range(MOST_BATCHES):
        async with transaction(engine) as connection:
            removed = await purge_expired(connection, now, BATCH)
        if removed < BATCH:
            return
