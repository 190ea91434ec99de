"""Run the migrations, as the role that owns the tables."""

import asyncio
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import Engine, connect
from app.db.faults import in_words
from app.db.transactions import transaction
from app.errors import StartupError, Unavailable
from app.settings import load_settings

ALEMBIC_INI: Final = Path(__file__).parents[2] / "alembic.ini"
SERVICE_ROLE: Final = "service_role"


@cache
def newest_revision() -> str:
    """The revision that a current database has."""
    head = ScriptDirectory.from_config(Config(ALEMBIC_INI)).get_current_head()
    assert head is not None  # noqa: S101  # there is at least one migration
    return head


def migrate(owner_url: str, service_url: str, revision: str = "head") -> None:
    """Bring the database to the newest or another revision; blocking. Concurrent calls wait for each other, and one
    migrates.

    Raises `StartupError` when the database can't be reached or refuses.
    """
    _run(owner_url, service_url, partial(command.upgrade, revision=revision))


def migrate_down(owner_url: str, service_url: str) -> None:
    """Take every migration back, and with them all data; blocking. For tests of the migrations."""
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
    """Run `work` with a connection of the owner role, then close it; blocking, so not inside a running loop."""

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
    """For the plain `alembic` command: both addresses from the settings, so an external database."""
    settings = load_settings()
    if settings.database_url is None or settings.migration_database_url is None:
        raise StartupError("DATABASE_URL: alembic needs it; for the embedded database use: python -m app migrate")
    config.attributes[SERVICE_ROLE] = role_of(settings.database_url.get_secret_value())
    run_as_owner(settings.migration_database_url.get_secret_value(), work)


def role_of(url: str) -> str:
    """The role that a database address connects as. Raises `StartupError` when it names none."""
    role = make_url(url).username
    if not role:
        raise StartupError("DATABASE_URL: must name the role to connect as (postgresql://role:password@host/database)")
    return role


class Readiness:
    """Asks the database on each call; the newest migration is read once, from the files."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._newest = newest_revision()

    async def __call__(self) -> bool:
        """True when requests can be served."""
        try:
            async with transaction(self._engine) as connection:
                current = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except (Unavailable, DBAPIError):  # away; or there is no such table, or no right to read it
            return False
        return current == self._newest
