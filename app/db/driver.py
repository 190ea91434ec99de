"""Opening an asyncpg connection, with bounded waits."""

from typing import Final, TypeAlias

import asyncpg

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic in its stubs only

CONNECT_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 20


async def connect(url: str) -> Driver:
    """A connection to a libpq address such as `postgresql://role:password@host/database?sslmode=require`."""
    dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
