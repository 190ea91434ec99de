"""What the tests of one worker process use one after the other: a database, an engine on it, and an application."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from pydantic import SecretStr
from starlette.applications import Starlette

from app.db import Engine, create_engine
from app.db.embedded import DatabaseUrls
from app.main import create_app
from app.settings import Settings
from tests.databases import SHARED, Databases, Emptier
from tests.service import free_port

SECRET: Final = SecretStr("a secret that only these tests know, 0123456789")

RENEWED_AFTER: Final = 40
"""Seconds. An application does chores when it has run for a minute; no test that hasn't started it expects them."""

ENDING_SECONDS: Final = 5

OF_APPLICATION: Final = ("signing_keys", "audit_events", "audit_chain")
"""Tables of which a running application remembers rows: it signs with the keys, and takes the end of the audit record
for an attack."""


def local_settings(database: DatabaseUrls) -> Settings:
    """Settings of a local service on `database`."""
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        port=free_port(),
        database_url=SecretStr(database.service),
        migration_database_url=SecretStr(database.owner),
        secret_key=SECRET,
        limits=False,
    )


class RunningApplication:
    """An application in a task of its own, so that it may outlive the test that started it."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._ready, self._end = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def started(self) -> None:
        """Return when it runs. Raises what ended it, if something has."""
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait((ready, self._task), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            self._task.result()
            raise AssertionError("the application has ended")

    async def stop(self) -> None:
        """Stop it."""
        self._end.set()
        await self._task

    async def _run(self) -> None:
        async with self.app.router.lifespan_context(self.app):
            self._ready.set()
            await self._end.wait()


@dataclass
class SharedDatabase:
    """A database that is emptied after each test. Its engine, and its application if it has one, go on meanwhile."""

    name: str
    urls: DatabaseUrls
    emptier: Emptier
    settings: Settings
    engine: Engine
    made_at: float = field(default_factory=monotonic)
    running: RunningApplication | None = None

    @classmethod
    def take(cls, databases: Databases) -> "SharedDatabase":
        """A new one."""
        name = databases.take()
        lasting = databases.urls(name, f"&application_name={SHARED}")
        engine = create_engine(lasting.service)
        return cls(name, databases.urls(name), databases.emptier(name), local_settings(lasting), engine)

    @property
    def is_old(self) -> bool:
        """Whether a new one is to take its place."""
        return monotonic() - self.made_at >= RENEWED_AFTER

    async def start_app(self) -> None:
        """Start its application if that has not been done yet. Raises what ended it, if something has."""
        if self.running is None:
            self.running = RunningApplication(create_app(self.settings))
        await self.running.started()

    @property
    def app(self) -> Starlette:
        """Its application."""
        assert self.running is not None
        return self.running.app

    def empty(self) -> Future[None]:
        """Empty it after a test."""
        return self.emptier.empty(OF_APPLICATION if self.running is not None else ())

    async def close(self) -> None:
        """End what goes on."""
        if self.running is not None:
            await self.running.stop()
        await self.engine.dispose()


class SharedDatabases:
    """Two databases: one for tests of the application that runs on it, and a quiet one for all others."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._current: dict[bool, SharedDatabase] = {}
        self._old: list[SharedDatabase] = []

    def take(self, *, with_app: bool) -> SharedDatabase:
        """The database for the next test."""
        current = self._current.get(with_app)
        if current is not None and current.is_old:
            self._old.append(current)
            current = None
        if current is None:
            current = self._current[with_app] = SharedDatabase.take(self._databases)
        return current

    async def close_old(self) -> None:
        """End what goes on in those that were replaced, and drop them."""
        while self._old:
            old = self._old.pop()
            await old.close()
            self._drop(old)

    async def close(self) -> None:
        """Close all that is open in them."""
        await self.close_old()
        for current in self._current.values():
            await current.close()

    def drop(self) -> None:
        """Drop all databases, once nothing uses them."""
        for each in (*self._old, *self._current.values()):
            self._drop(each)

    def _drop(self, database: SharedDatabase) -> None:
        database.emptier.close()
        self._databases.give_back(database.name)


class TasksLeft(AssertionError):
    """A test is over, and not every task that it began."""


@asynccontextmanager
async def no_task_left() -> AsyncGenerator[None]:
    """Tasks that begin in the block end with it: the event loop goes on, and so would they. Raises `TasksLeft`."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not _runs_this(task)}
    if left:
        # What was cancelled or is about to end may do so.
        _, left = await asyncio.wait(left, timeout=ENDING_SECONDS)
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
        raise TasksLeft(f"The test left tasks running: {', '.join(map(str, left))}")


def _runs_this(task: asyncio.Task[Any]) -> bool:
    """Whether it is anyio's, and waits for the present step of the test."""
    return getattr(task.get_coro(), "__qualname__", "").startswith("TestRunner.")
