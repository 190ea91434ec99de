"""Databases for tests, copied from the migrated one: some for one test each, some emptied and used again."""

from collections.abc import Collection, Generator, Iterable
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import anyio
import asyncpg
from anyio.from_thread import BlockingPortal, start_blocking_portal

from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect

SHARED: Final = "shared"
"""The application_name of connections that outlive a test."""

OTHERS_SECONDS: Final = 10
"""How long the connections of a test may take to end after it."""

LOCK_WAIT: Final = "5s"
ATTEMPTS: Final = 3
NEVER_EMPTIED: Final = ("alembic_version",)

_TABLES: Final = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname
"""

# The version, and everything in the schema with its number of columns: a text that differs when a test has changed it.
_SCHEMA: Final = """
SELECT string_agg(format('%s %s %s', relname, relkind, relnatts), ', ' ORDER BY relname)
    || (SELECT string_agg(version_num, ', ') FROM alembic_version)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""

_OTHERS: Final = """
SELECT pid, application_name, state, left(query, 200) AS query FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (application_name <> $1 OR state LIKE 'idle in transaction%')
"""

_PAUSE: Final = "SELECT pg_sleep(0.004)"


class LeftBehind(AssertionError):
    """A test is over, and not everything that it began."""


@dataclass
class Emptier:
    """Empties one database after each test that used it."""

    url: str
    driver: Driver
    portal: BlockingPortal
    tables: tuple[str, ...]
    schema: str

    def empty(self, keep: Collection[str] = ()) -> Future[None]:
        """Begin to make it as it was migrated, except for the tables to keep.

        Ends in `LeftBehind` for a test that left connections or transactions open, or another schema.
        """
        return self.portal.start_task_soon(self._empty, keep)

    def close(self) -> None:
        """Close the connection that this takes."""
        self.portal.call(self.driver.close)

    async def _empty(self, keep: Collection[str]) -> None:
        if self.driver.is_closed():
            self.driver = await connect(self.url)
            raise LeftBehind("The test cut every connection to the database; one that does so is marked own_database")
        left = await self._end_others()
        # As a replica, nothing looks after the rows that point to a deleted one: they go as well.
        deletions = "; ".join(f"DELETE FROM {table}" for table in self.tables if table not in keep)
        settings = f"SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '{LOCK_WAIT}'"
        await self._execute(f"{settings}; {deletions}")
        schema = await self.driver.fetchval(_SCHEMA)
        if schema != self.schema:
            self.schema = schema
            left.append("another schema; a test that changes it is marked own_database")
        if left:
            raise LeftBehind(f"The test left in its database: {'; '.join(left)}")

    async def _execute(self, statements: str) -> None:
        """Background work of an application may hold locks in another order."""
        for attempt in range(ATTEMPTS):
            try:
                await self.driver.execute(statements)
                return
            except asyncpg.DeadlockDetectedError:
                if attempt == ATTEMPTS - 1:
                    raise

    async def _end_others(self) -> list[str]:
        """Wait until the connections of the test have ended and no transaction is open; end those that stay."""
        others: list[asyncpg.Record] = []
        with anyio.move_on_after(OTHERS_SECONDS):
            while others := await self.driver.fetch(_OTHERS, SHARED):
                await self.driver.execute(_PAUSE)
        for other in others:
            await self.driver.execute(f"SELECT pg_terminate_backend({other['pid']}, {1000 * OTHERS_SECONDS})")
        return [f"a connection ({dict(other.items())})" for other in others]


@dataclass
class Databases:
    """The next database is made while a test uses the last one, and one that was given back is dropped meanwhile: so a
    run needs little disk, and waits for little of it.
    """

    template: DatabaseUrls
    template_name: str
    driver: Driver
    portal: BlockingPortal
    _turn: anyio.Lock = field(default_factory=anyio.Lock)
    _next: Future[str] | None = None
    _dropping: list[Future[None]] = field(default_factory=list[Future[None]])

    def take(self) -> str:
        """The name of a database that nobody else has."""
        name = self._begun().result()
        self._next = None
        self._begun()
        return name

    def urls(self, name: str, query: str = "") -> DatabaseUrls:
        """The addresses of a database, with something added to their query."""

        def url(template: str) -> str:
            return template.replace(self.template_name, name) + query

        return DatabaseUrls(url(self.template.service), url(self.template.owner), url(self.template.superuser))

    def emptier(self, name: str) -> Emptier:
        """Return what empties a database that was taken."""
        return self.portal.call(self._emptier, name)

    def give_back(self, name: str) -> None:
        """Drop a database that is no longer needed, even if something is still connected to it."""
        self._dropping = [each for each in self._dropping if not _is_done(each)]
        self._dropping.append(self.portal.start_task_soon(self._drop, name))

    def finish(self) -> None:
        """Wait until no database is being created or dropped."""
        for each in (*self._dropping, *([self._next] if self._next is not None else [])):
            each.result()

    def _begun(self) -> Future[str]:
        if self._next is None:
            self._next = self.portal.start_task_soon(self._create)
        return self._next

    async def _create(self) -> str:
        name = f"test_{uuid4().hex}"
        async with self._turn:
            # Copied as files: half the work of a copy by way of the log, where nothing must survive a crash.
            await self.driver.execute(
                f"CREATE DATABASE {name} TEMPLATE {self.template_name} STRATEGY FILE_COPY OWNER shopping_owner"
            )
            await self.driver.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            await self.driver.execute(f"GRANT CONNECT ON DATABASE {name} TO shopping_service")
        return name

    async def _emptier(self, name: str) -> Emptier:
        url = self.urls(name).superuser
        driver = await connect(url)
        found: Iterable[Any] = await driver.fetch(_TABLES)
        tables = tuple(row["relname"] for row in found if row["relname"] not in NEVER_EMPTIED)
        return Emptier(url, driver, self.portal, tables, await driver.fetchval(_SCHEMA))

    async def _drop(self, name: str) -> None:
        async with self._turn:
            await self.driver.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_databases(superuser_url: str, template: DatabaseUrls, template_name: str) -> Generator[Databases]:
    """Databases of the server at this address while the block runs."""
    with start_blocking_portal("asyncio") as portal:
        driver = portal.call(connect, superuser_url)
        databases = Databases(template, template_name, driver, portal)
        try:
            yield databases
            databases.finish()
        finally:
            portal.call(driver.close)


def _is_done(dropping: Future[None]) -> bool:
    if dropping.done():
        dropping.result()
        return True
    return False
