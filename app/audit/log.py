"""The audit log of one process: gathers entries that belong to no transaction, and writes them together.

The caller never waits for the database. Entries are written in one statement every half second, and all of them when
the process stops. A process that is killed loses those of its last half second; whatever changed something is stored
with the change itself (`record`), or as an event of its household.
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
from pydantic import SecretStr

from app.audit.models import Action, AuditEntry
from app.audit.refusals import Refusals
from app.audit.repository import insert_entries
from app.crypto.derived_keys import derive_key
from app.db import Engine, open_transaction
from app.errors import Unavailable
from app.runtime.clock import Clock, system_clock

GATHER_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2
COUNT_SECONDS: Final = 60
STOP_SECONDS: Final = 2
BATCH: Final = 1_000

MOST_ENTRIES: Final = 20_000
"""The most that wait while the database can't be reached, about 10 MB. Further entries are lost and counted."""

HASH_CHARACTERS: Final = 32

_log: Final = structlog.stdlib.get_logger("app.audit")


class AuditLog:
    """Gathers entries; they are written while the context `running` is open."""

    def __init__(self, engine: Engine, secret_key: SecretStr, *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._clock = clock
        self._email_key = derive_key(secret_key, "audit-emails")
        self._waiting: deque[AuditEntry] = deque()
        self._lost = 0
        self._refusals = Refusals()
        self._noted = anyio.Event()
        self._writing = anyio.Lock()

    def now(self) -> datetime:
        """Return the time to put into an entry."""
        return self._clock()

    def note(self, entry: AuditEntry) -> None:
        """Queue an entry to be written shortly. Never waits, never raises."""
        if len(self._waiting) >= MOST_ENTRIES:
            self._lost += 1
            return
        self._waiting.append(entry)
        self._noted.set()

    def refuse(self, entry: AuditEntry) -> None:
        """Queue the entry of a refused request; many of them become one row with their number."""
        if self._refusals.admit(entry):
            self.note(entry)

    def email_hash(self, typed: str) -> str:
        """Return the keyed hash that stands for an e-mail address in the record; it needs SECRET_KEY."""
        return hmac.digest(self._email_key, typed.strip().casefold().encode(), "sha256").hex()[:HASH_CHARACTERS]

    async def write(self) -> None:
        """Write the queued entries. Raises `Unavailable` when the database can't be reached; they stay queued."""
        async with self._writing:
            left = len(self._waiting)
            while left > 0:
                batch = list(islice(self._waiting, min(left, BATCH)))
                is_stored = await self._store(batch)
                for _ in batch:
                    self._waiting.popleft()
                left -= len(batch)
                if is_stored:
                    self._record_losses()
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
            self._note_counted_refusals()
            with anyio.move_on_after(STOP_SECONDS, shield=True), suppress(Unavailable):
                await self.write()
            if self._waiting:
                _log.error("audit entries were lost: the database can't be reached", entries=len(self._waiting))

    async def _store(self, batch: Sequence[AuditEntry]) -> bool:
        try:
            async with open_transaction(self._engine) as opened:
                await insert_entries(opened.driver, batch)
        except Unavailable:
            raise
        except Exception:
            # No entry should be able to cause this; if one does, it must not keep all others from being written.
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
                _log.warning("audit entries wait: the database can't be reached or is busy", entries=len(self._waiting))
                await anyio.sleep(RETRY_SECONDS)
                self._noted.set()

    async def _keep_counting(self) -> None:
        while True:
            await anyio.sleep(COUNT_SECONDS)
            self._note_counted_refusals()

    def _note_counted_refusals(self) -> None:
        for entry in self._refusals.take_counted(self._clock()):
            self.note(entry)

    def _record_losses(self) -> None:
        if self._lost and len(self._waiting) < MOST_ENTRIES:
            lost, self._lost = self._lost, 0
            self.note(AuditEntry(action=Action.ENTRIES_LOST, at=self._clock(), times=lost))
