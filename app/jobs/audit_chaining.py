"""Sealing the audit record each second, and forgetting what is too old of it, by one process of all at a time."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import anyio
import structlog

from app.audit.chain import BrokenChain, ChainLink
from app.audit.chaining import AuditChainer
from app.audit.retention import forget
from app.db import Engine
from app.errors import Unavailable
from app.runtime.clock import Clock, system_clock
from app.settings import Settings

SEAL_SECONDS: Final = 1
FORGET_FIRST_SECONDS: Final = 60
FORGET_SECONDS: Final = 3600
STOP_SECONDS: Final = 2

SAID_EVERY: Final = timedelta(minutes=1)
"""How often the log names the head, and how often it repeats that there is none to go on from."""

_log: Final = structlog.stdlib.get_logger("app.audit")


class Sealing:
    """The work of one process: it seals, and says in the log how far the chain reaches."""

    def __init__(self, engine: Engine, settings: Settings, clock: Clock) -> None:
        self._sealer = AuditChainer(engine, settings)
        self._clock = clock
        self._unsaid: ChainLink | None = None
        self._said_at: datetime | None = None

    async def seal(self) -> None:
        """Seal what there is; faults are logged, and the next time is another try."""
        try:
            self._unsaid = await self._sealer.seal_all() or self._unsaid
        except Unavailable:
            pass  # whoever asks for something is told; here the next second is early enough
        except BrokenChain as broken:
            if self._may_speak():
                _log.error("the audit record can't be sealed: run audit verify", reason=str(broken))
        except Exception:
            if self._may_speak():
                _log.exception("sealing the audit record failed")
        if self._unsaid is not None and self._may_speak():
            self.say()

    def say(self) -> None:
        """Name the head in the log, where nobody who changes the database can change it too."""
        if self._unsaid is not None:
            _log.info("audit record sealed", head=str(self._unsaid))
            self._unsaid = None

    def _may_speak(self) -> bool:
        now = self._clock()
        if self._said_at is not None and now - self._said_at < SAID_EVERY:
            return False
        self._said_at = now
        return True


@asynccontextmanager
async def sealing_running(engine: Engine, settings: Settings, clock: Clock = system_clock) -> AsyncGenerator[None]:
    """Seal while the block runs, and once more at its end; whatever writes entries must end before."""
    sealing = Sealing(engine, settings, clock)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_sealing, sealing)
            tasks.start_soon(_keep_forgetting, engine, settings, clock)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
    finally:
        with anyio.move_on_after(STOP_SECONDS, shield=True):
            await sealing.seal()
        sealing.say()


async def _keep_sealing(sealing: Sealing) -> None:
    while True:
        await anyio.sleep(SEAL_SECONDS)
        await sealing.seal()


async def _keep_forgetting(engine: Engine, settings: Settings, clock: Clock) -> None:
    await anyio.sleep(FORGET_FIRST_SECONDS)
    while True:
        try:
            forgotten = await forget(engine, settings, clock())
            if forgotten:
                _log.info("audit entries forgotten", entries=forgotten)
        except Unavailable:
            _log.warning("old audit entries stay for now: the database is away or busy")
        except BrokenChain as broken:
            _log.error("old audit entries stay: the record is broken, run audit verify", reason=str(broken))
        except Exception:
            _log.exception("forgetting audit entries failed")
        await anyio.sleep(FORGET_SECONDS)
