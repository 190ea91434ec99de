"""Pushes and daily letters, in the background; every process takes part, and each of them is sent by one."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import anyio
import structlog

from app.alerts.collect import collect, note_all, note_changes
from app.alerts.deliver import deliver
from app.alerts.letters import LetterWriter, send_letters
from app.alerts.push_sender import PushSender
from app.db import Engine
from app.errors import Unavailable
from app.pubsub import PubSub
from app.pubsub.notifications import ListChanged, Notification, Refetch
from app.runtime.clock import Clock, system_clock

EVERY_SECONDS: Final = 5
MOST_NOTED: Final = 10_000
LOOKED_AT_ALL_EVERY: Final = timedelta(hours=1)
"""How often all lists are looked at, for changes of which this process didn't hear: one had died with the news."""

_log: Final = structlog.stdlib.get_logger("app.alerts")


@dataclass(frozen=True, slots=True)
class AlertWork:
    """What pushes and letters are sent with; `base` is the path in PUBLIC_URL. Without a mail server no letters are."""

    engine: Engine
    sender: PushSender
    letters: LetterWriter | None
    base: str


class Noted:
    """The lists that changed since they were last taken; all of them, when there are too many or some were missed."""

    def __init__(self) -> None:
        self._lists = set[tuple[UUID, UUID]]()
        self._all_at: datetime | None = None
        self._missed = False

    def hear(self, notification: Notification) -> None:
        """Note what a notification says; it waits for nothing."""
        if isinstance(notification, ListChanged):
            self._lists.add((notification.household_id, notification.list_id))
        self._missed |= isinstance(notification, Refetch)
        self._stay_bounded()

    async def write(self, engine: Engine, now: datetime) -> None:
        """Have what changed looked at. What can't be stored is noted again. Raises `Unavailable`."""
        lists, self._lists = self._lists, set[tuple[UUID, UUID]]()
        missed, self._missed = self._missed, False
        try:
            if lists:
                await note_changes(engine, lists, now)
            if missed or self._all_at is None or now - self._all_at >= LOOKED_AT_ALL_EVERY:
                await note_all(engine, now)
                self._all_at = now
        except BaseException:
            self._lists |= lists
            self._missed |= missed
            self._stay_bounded()
            raise

    def _stay_bounded(self) -> None:
        """Forget which lists they are when all are to be looked at anyway, or when one statement can't name them."""
        self._missed |= len(self._lists) > MOST_NOTED
        if self._missed:
            self._lists.clear()


async def work_once(work: AlertWork, noted: Noted, now: datetime) -> None:
    """Do what is due for pushes. Raises `Unavailable`."""
    await noted.write(work.engine, now)
    await collect(work.engine, now)
    await deliver(work.engine, work.sender, work.base, now)


@asynccontextmanager
async def alerts_running(work: AlertWork, pubsub: PubSub, clock: Clock = system_clock) -> AsyncGenerator[None]:
    """Send pushes and letters while the block runs."""
    noted = Noted()
    pubsub.subscribe(noted.hear)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep_working, "pushes", partial(work_once, work, noted), clock)
        if work.letters is not None:  # beside the pushes, which don't wait for a slow mail server
            tasks.start_soon(_keep_working, "letters", partial(send_letters, work.letters), clock)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _keep_working(what: str, work: Callable[[datetime], Awaitable[object]], clock: Clock) -> None:
    while True:
        await anyio.sleep(EVERY_SECONDS)
        try:
            await work(clock())
        except Unavailable:
            _log.warning(f"{what} put off: the database is away or busy")
        except Exception:
            _log.exception(f"{what} failed")
