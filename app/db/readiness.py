"""Whether the database can serve: reachable, and at the newest migration."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.engine import Engine
from app.db.migrate import newest_revision
from app.db.transactions import transaction
from app.errors import Unavailable


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
