"""Forgetting what has expired: counters of attempts, one-time links, browser sessions."""

from datetime import datetime

from app.db import Engine
from app.db.purge import Step, in_batches
from app.people import purge_repository as repository


async def forget(engine: Engine, now: datetime) -> int:
    """Delete it; how many rows. Raises `Unavailable`."""
    steps: list[Step] = [
        lambda connection: repository.delete_counters(connection, now),
        lambda connection: repository.delete_links(connection, now),
        lambda connection: repository.delete_sessions(connection, now),
    ]
    return sum([await in_batches(engine, step) for step in steps])
