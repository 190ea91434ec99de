"""The schema's newest revision, and whether the database is there, without loading Alembic: a serving process doesn't
need it, and it takes 10 MiB."""

from functools import cache
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.engine import Engine, connect
from app.db.transactions import transaction
from app.errors import Unavailable

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations/versions"
_CURRENT: Final = "SELECT version_num FROM alembic_version"


@cache
def newest_revision() -> str:
    """Return the newest revision among the migrations, whose files begin with their numbers."""
    return max(each.name.partition("_")[0] for each in MIGRATIONS.glob("[0-9]*_*.py"))


async def is_up_to_date(owner_url: str) -> bool:
    """Return whether nothing is left to migrate. Raises what `connect` does."""
    connection = await connect(owner_url)
    try:
        return await connection.fetchval(_CURRENT) == newest_revision()
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()


class Readiness:
    """Checks whether the database can be reached and is up to date; asks it on each call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._newest = newest_revision()

    async def __call__(self) -> bool:
        """Return whether requests can be served."""
        try:
            async with transaction(self._engine) as connection:
                current = (await connection.execute(text(_CURRENT))).scalar()
        except (Unavailable, DBAPIError):  # unreachable; or the table is missing or may not be read
            return False
        return current == self._newest
