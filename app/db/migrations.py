"""Run the migrations as the role that owns the tables: `python -m app.db.migrations`, started by `startup.py`.

Only that process loads Alembic.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import connect, role_of
from app.db.faults import in_words
from app.errors import StartupError
from app.settings import load_settings

ALEMBIC_INI: Final = Path(__file__).parents[2] / "alembic.ini"
SERVICE_ROLE: Final = "service_role"
FAILED: Final = 1


def migrate(owner_url: str, service_url: str, revision: str = "head") -> None:
    """Upgrade the database to the newest or another revision; blocking. Of concurrent calls, one migrates and the
    others wait for it.

    Raises `StartupError` when the database can't be reached or a migration fails.
    """
    _run(owner_url, service_url, partial(command.upgrade, revision=revision))


def migrate_down(owner_url: str, service_url: str) -> None:
    """Downgrade all migrations, which deletes all data; blocking. For tests of the migrations."""
    _run(owner_url, service_url, partial(command.downgrade, revision="base"))


def _run(owner_url: str, service_url: str, work: Callable[[Config], None]) -> None:
    config = Config(ALEMBIC_INI)
    config.attributes[SERVICE_ROLE] = role_of(service_url)

    def with_connection(connection: SyncConnection) -> None:
        config.attributes["connection"] = connection
        work(config)

    try:
        run_as_owner(owner_url, with_connection)
    except (OSError, asyncpg.PostgresError, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StartupError(f"MIGRATION_DATABASE_URL: {in_words(cause)}") from error


def run_as_owner(owner_url: str, work: Callable[[SyncConnection], None]) -> None:
    """Run `work` with a connection of the owner role, then close it. Blocking: don't call it in an event loop."""

    async def run() -> None:
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=partial(connect, owner_url), poolclass=NullPool
        )
        try:
            async with engine.connect() as connection:
                await connection.run_sync(work)
        finally:
            await engine.dispose()

    asyncio.run(run())


def run_with_settings(config: Config, work: Callable[[SyncConnection], None]) -> None:
    """Run `work` for the plain `alembic` command, on the external database that the settings name."""
    settings = load_settings()
    if settings.database_url is None or settings.migration_database_url is None:
        raise StartupError("DATABASE_URL: alembic needs it; for the embedded database use: python -m app migrate")
    config.attributes[SERVICE_ROLE] = role_of(settings.database_url.get_secret_value())
    run_as_owner(settings.migration_database_url.get_secret_value(), work)


def main() -> int:
    """Migrate the database whose addresses, of owner and service, are on stdin; print why it can't be done."""
    owner_url, service_url = json.load(sys.stdin)
    try:
        migrate(owner_url, service_url)
    except StartupError as error:
        print(error)
        return FAILED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
