"""Copies of the migrated database, one for each test, made and dropped while other tests run."""

from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from app.db.engine import Driver, connect


@dataclass
class Databases:
    """The next database is made while a test uses the last one, and one that was given back is dropped meanwhile: so a
    run needs little disk, and waits for little of it.
    """

    template: str
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

    def give_back(self, name: str) -> None:
        """It is not needed any more, whoever is still connected."""
        self._dropping = [each for each in self._dropping if not _is_done(each)]
        self._dropping.append(self.portal.start_task_soon(self._drop, name))

    def finish(self) -> None:
        """Wait until nothing is made or dropped any more."""
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
                f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY OWNER shopping_owner"
            )
            await self.driver.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            await self.driver.execute(f"GRANT CONNECT ON DATABASE {name} TO shopping_service")
        return name

    async def _drop(self, name: str) -> None:
        async with self._turn:
            await self.driver.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_databases(superuser_url: str, template: str) -> Generator[Databases]:
    """Databases of the server at this address while the block runs."""
    with start_blocking_portal("asyncio") as portal:
        driver = portal.call(connect, superuser_url)
        databases = Databases(template, driver, portal)
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
