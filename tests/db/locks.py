"""Waiting for locks, as seen from outside."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from app.db.embedded import DatabaseUrls
from app.db.engine import connect

SECONDS: Final = 30


@asynccontextmanager
async def until_somebody_waits(database: DatabaseUrls) -> AsyncGenerator[None]:
    """The end of the block comes when a connection waits for a lock."""
    watcher = await connect(database.superuser)
    try:
        yield
        with anyio.fail_after(SECONDS):
            while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
    finally:
        await watcher.close()
