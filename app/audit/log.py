"""The audit log of one process: what has no transaction of its own is gathered, and written right after.

Whoever notes something never waits for the database. Entries leave in one statement every half second, and all of them
when the process stops. Killed by force, a process takes those of its last half second with it; whatever changed
something is stored with the change itself, here (`record`) or as an event of its household.
"""

import hmac
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import islice
from typing import Final

import anyio
import structlog

from app.audit.models import Action, AuditEntry
from app.audit.refusals import Refusals
from app.audit.repository import insert_entries
from app.crypto.derived_keys import derive_key
from app.db import Engine, open_transaction
from app.errors import Unavailable
from app.runtime.clock import Clock, system_clock
from app.settings import Settings

GATHER_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2
COUNT_SECONDS: Final = 60
STOP_SECONDS: Final = 2
BATCH: Final = 1_000

MOST_ENTRIES: Final = 20_000
"""How many wait at most, about 10 MB. What comes beyond, while the database is away for long, is lost and counted."""

HASH_CHARACTERS: Final = 32

_log: Final = structlog.stdlib.get_logger("app.audit")


class AuditLog:
    """Gathers entries; `running` must be entered for them to be written."""

    def __init__(self, engine: Engine, settings: Settings, *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._clock = clock
        self._email_key = derive_key(settings.secret_keys[0], "audit-emails")
        self._waiting: deque[AuditEntry] = deque()
        self._lost = 0
        self._refusals = Refusals()
        self._noted = anyio.Event()
        self._writing = anyio.Lock()

    def now(self) -> datetime:
        """The moment to record."""
        return self._clock()

    def note(self, entry: AuditEntry) -> None:
        """Have an entry written shortly. Never waits, never raises."""
        if len(self._waiting) >= MOST_ENTRIES:
            self._lost += 1
            return
        self._waiting.append(entry)
        self._noted.set()

    def refuse(self, entry: AuditEntry) -> None:
        """The same for a refusal: many of them become one row with their number."""
        if self._refusals.admit(entry):
            self.note(entry)

    def email_hash(self, typed: str) -> str:
        """What stands for an e-mail address in the record: the same for the same address, and to be made with
        SECRET_KEY only."""
        return hmac.digest(self._email_key, typed.strip().casefold().encode(), "sha256").hex()[:HASH_CHARACTERS]

    async def write(self) -> None:
        """Write what waits now. Raises `Unavailable` when the database is away; then it goes on waiting."""
        async with self._writing:
            left = len(self._waiting)
            while left > 0:
                batch = list(islice(self._waiting, min(left, BATCH)))
                is_stored = await self._store(batch)
                for _ in batch:
                    self._waiting.popleft()
                left -= len(batch)
                if is_stored:
                    self._admit_losses()
                else:
                    self._lost += len(batch)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Write while the block runs, and the rest at its end."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_writing)
                tasks.start_soon(self._keep_counting)
                try:
                    yield
                finally:
                    tasks.cancel_scope.cancel()
        finally:
            self._count_refusals()
            with anyio.move_on_after(STOP_SECONDS, shield=True), suppress(Unavailable):
                await self.write()
            if self._waiting:
                _log.error("audit entries were lost: the database is away", entries=len(self._waiting))

    async def _store(self, batch: Sequence[AuditEntry]) -> bool:
        try:
            async with open_transaction(self._engine) as opened:
                await insert_entries(opened.driver, batch)
        except Unavailable:
            raise
        except Exception:
            # Nothing in an entry should be able to cause this; if one does, it must not hold up all others for ever.
            _log.exception("audit entries could not be written", entries=len(batch))
            return False
        return True

    async def _keep_writing(self) -> None:
        while True:
            await self._noted.wait()
            await anyio.sleep(GATHER_SECONDS)
            self._noted = anyio.Event()
            try:
                await self.write()
            except Unavailable:
                _log.warning("audit entries wait: the database is away or busy", entries=len(self._waiting))
                await anyio.sleep(RETRY_SECONDS)
                self._noted.set()

    async def _keep_counting(self) -> None:
        while True:
            await anyio.sleep(COUNT_SECONDS)
            self._count_refusals()

    def _count_refusals(self) -> None:
        for entry in self._refusals.settle(self._clock()):
            self.note(entry)

    def _admit_losses(self) -> None:
        if self._lost and len(self._waiting) < MOST_ENTRIES:
            lost, self._lost = self._lost, 0
            self.note(AuditEntry(action=Action.ENTRIES_LOST, at=self._clock(), times=lost))
