"""Chaining the audit record every few seconds, and deleting what is too old; one process of all does it at a time."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import anyio
import structlog
from pydantic import SecretStr

from app.audit.chain import BrokenChain, ChainLink
from app.audit.chaining import AuditChainer, delete_old
from app.db import Engine
from app.errors import Unavailable
from app.runtime.clock import Clock, system_clock

CHAIN_SECONDS: Final = 5
DELETE_FIRST_SECONDS: Final = 60
DELETE_SECONDS: Final = 3600
STOP_SECONDS: Final = 2

LOGGED_EVERY: Final = timedelta(minutes=1)
"""How often the log names the head, and how often it repeats that the chain can't be extended."""

_log: Final = structlog.stdlib.get_logger("app.audit")


class AuditChainJob:
    """The work of one process: it extends the chain, and logs how far it reaches."""

    def __init__(self, engine: Engine, secret_keys: Sequence[SecretStr], clock: Clock) -> None:
        self._chainer = AuditChainer(engine, secret_keys)
        self._clock = clock
        self._unlogged: ChainLink | None = None
        self._logged_at: datetime | None = None

    async def chain(self) -> None:
        """Add what waits to the chain; failures are logged, and the next call tries again."""
        try:
            self._unlogged = await self._chainer.chain_all() or self._unlogged
        except Unavailable:
            pass  # requests that need the database say so; here the next try is soon enough
        except BrokenChain as broken:
            if self._may_log():
                _log.error("the audit record can't be chained: run audit verify", reason=str(broken))
        except Exception:
            if self._may_log():
                _log.exception("chaining the audit record failed")
        if self._unlogged is not None and self._may_log():
            self.log_head()

    def log_head(self) -> None:
        """Name the head in the log, where somebody who changes the database can't change it too."""
        if self._unlogged is not None:
            _log.info("audit record chained", head=str(self._unlogged))
            self._unlogged = None

    def _may_log(self) -> bool:
        now = self._clock()
        if self._logged_at is not None and now - self._logged_at < LOGGED_EVERY:
            return False
        self._logged_at = now
        return True


@asynccontextmanager
async def audit_chain_running(
    engine: Engine, secret_keys: Sequence[SecretStr], days: int, clock: Clock = system_clock
) -> AsyncGenerator[None]:
    """Chain entries and delete those older than `days` while the block runs, and chain once more at its end.

    Everything that writes entries must end before.
    """
    job = AuditChainJob(engine, secret_keys, clock)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_chaining, job)
            tasks.start_soon(_keep_deleting, engine, secret_keys, timedelta(days=days), clock)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
    finally:
        with anyio.move_on_after(STOP_SECONDS, shield=True):
            await job.chain()
        job.log_head()


async def _keep_chaining(job: AuditChainJob) -> None:
    while True:
        await anyio.sleep(CHAIN_SECONDS)
        await job.chain()


async def _keep_deleting(engine: Engine, secret_keys: Sequence[SecretStr], kept_for: timedelta, clock: Clock) -> None:
    await anyio.sleep(DELETE_FIRST_SECONDS)
    while True:
        try:
            deleted = await delete_old(engine, secret_keys, clock() - kept_for)
            if deleted:
                _log.info("old audit entries deleted", entries=deleted)
        except Unavailable:
            _log.warning("old audit entries stay for now: the database can't be reached or is busy")
        except BrokenChain as broken:
            _log.error("old audit entries stay: the record is broken, run audit verify", reason=str(broken))
        except Exception:
            _log.exception("deleting old audit entries failed")
        await anyio.sleep(DELETE_SECONDS)
