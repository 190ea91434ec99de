"""The connection that notifications come and go on: LISTEN and NOTIFY, reopened whenever it is lost.

NOTIFY locks the whole database until its transaction ends, so it is never part of one that writes: what gathers within
a short interval leaves in a statement of its own.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import anyio
import structlog

from app.db.engine import Driver, connect
from app.pubsub.notifications import ListChanged, Notification, Refetch, payloads_of, read_payload

CHANNEL: Final = "shopping_cues"
"""Processes of several versions talk to one another during a rollout, so it keeps its name."""

GATHER_SECONDS: Final = 0.05
HEARTBEAT_SECONDS: Final = 30
ECHO_SECONDS: Final = 5
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
CLOSE_SECONDS: Final = 1

LARGEST_BACKLOG: Final = 10_000
"""More than that gathers only while the database is away; then everybody is asked to refetch everything."""

_NOTIFY: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
_log: Final = structlog.stdlib.get_logger("app.pubsub")


class ListenerLost(Exception):
    """Our own notifications do not come back."""


class ConnectionLost(Exception):
    """The connection ended."""


class Outbox:
    """Notifications to be sent, each once. Changes of one list become one notification with its newest revision."""

    def __init__(self) -> None:
        self._lists: dict[tuple[UUID, UUID], ListChanged] = {}
        self._others: dict[Notification, None] = {}
        self._notified = anyio.Event()
        self._urgent = anyio.Event()
        self._sent = anyio.Event()
        self._sent.set()

    def put(self, notification: Notification) -> None:
        """Keep a notification for the next `take`."""
        if self._sent.is_set():
            self._sent = anyio.Event()
        if isinstance(notification, ListChanged):
            key = (notification.household_id, notification.list_id)
            before = self._lists.get(key, notification)
            rev, itself = max(notification.rev, before.rev), notification.itself or before.itself
            self._lists[key] = ListChanged(*key, rev, itself)
        else:
            self._others[notification] = None
            self._urgent.set()
        if len(self._lists) + len(self._others) > LARGEST_BACKLOG:
            self._lists.clear()
            self._others = {Refetch(): None}
        self.notify()

    def put_back(self, notifications: Iterable[Notification]) -> None:
        """Keep notifications that could not be sent after all."""
        for notification in notifications:
            self.put(notification)

    def take(self) -> list[Notification]:
        """Take everything out."""
        taken = [*self._others, *self._lists.values()]
        self._lists.clear()
        self._others.clear()
        self._notified, self._urgent = anyio.Event(), anyio.Event()
        return taken

    def sent(self) -> None:
        """Wake the tasks in `wait_sent`, unless more has gathered: what was taken has left."""
        if not self._lists and not self._others:
            self._sent.set()

    async def wait_sent(self) -> None:
        """Return when everything that was put before has left."""
        await self._sent.wait()

    def notify(self) -> None:
        """Wake the task in `wait`, even if there is nothing to take."""
        self._notified.set()

    def hurry(self) -> None:
        """Wake the tasks in `wait` and in `wait_urgent`."""
        self._urgent.set()
        self.notify()

    async def wait(self) -> None:
        """Return when there is something to take, or `notify` was called."""
        await self._notified.wait()

    async def wait_urgent(self) -> None:
        """Return when something must not wait until more has gathered."""
        await self._urgent.wait()


class ListenConnection:
    """Sends what is in the outbox, and calls `deliver` with each notification of another process."""

    def __init__(self, url: str, outbox: Outbox, origin: UUID, deliver: Callable[[Notification], None]) -> None:
        self.is_listening = False
        """Whether notifications of others arrive now. After each interruption, `deliver` gets a `Refetch`."""
        self.tried = anyio.Event()
        """Set once the first attempt to connect has succeeded or failed."""
        self._url = url
        self._outbox = outbox
        self._origin = origin
        self._deliver = deliver
        self._echo = anyio.Event()
        self._is_stopping = False
        self._stopped = anyio.Event()

    async def keep_open(self) -> None:
        """Keep the connection open until `finish` or a cancellation."""
        pause = FIRST_PAUSE
        is_interrupted = False
        while not self._is_stopping:
            try:
                async with self._listening() as connection:
                    pause = FIRST_PAUSE
                    if is_interrupted:
                        _log.info("notifications arrive again")
                        self._deliver(Refetch())
                    await self._send_until_stopped(connection)
            except Exception as error:
                if not is_interrupted:
                    _log_outage(error)
                is_interrupted = True
                self.tried.set()
                await anyio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._stopped.set()

    async def finish(self) -> None:
        """Send what is left, then stop; without a connection, stop at once."""
        self._is_stopping = True
        self._outbox.hurry()
        if self.is_listening:
            await self._stopped.wait()

    @asynccontextmanager
    async def _listening(self) -> AsyncGenerator[Driver]:
        connection = await connect(self._url)
        try:
            connection.add_termination_listener(self._lost)
            await connection.add_listener(CHANNEL, self._received)
            await self._check_echo(connection)
            self.is_listening = True
            self.tried.set()
            yield connection
        finally:
            self.is_listening = False
            await _close(connection)

    async def _send_until_stopped(self, connection: Driver) -> None:
        """Send what gathers, and check between times that notifications still arrive; return after `finish`."""
        while True:
            with anyio.move_on_after(HEARTBEAT_SECONDS) as waiting:
                await self._outbox.wait()
            if waiting.cancelled_caught:
                await self._check_echo(connection)
                continue
            _check_open(connection)
            with anyio.move_on_after(GATHER_SECONDS):
                await self._outbox.wait_urgent()
            await self._send(connection)
            if self._is_stopping:
                return

    async def _send(self, connection: Driver) -> None:
        notifications = self._outbox.take()
        try:
            _check_open(connection)
            if notifications:
                await connection.execute(_NOTIFY, CHANNEL, payloads_of(self._origin, notifications))
                self._outbox.sent()
        except BaseException:
            # They may have been sent; receiving one twice does no harm.
            self._outbox.put_back(notifications)
            raise

    async def _check_echo(self, connection: Driver) -> None:
        """Raise `ListenerLost` unless a notification of our own comes back.

        A dead network path reports nothing by itself, and a pooler in between may give the session to someone else.
        """
        self._echo = anyio.Event()
        await connection.execute(_NOTIFY, CHANNEL, payloads_of(self._origin, ()))
        with anyio.move_on_after(ECHO_SECONDS) as waiting:
            await self._echo.wait()
        _check_open(connection)
        if waiting.cancelled_caught:
            raise ListenerLost

    def _received(self, connection: object, process: int, channel: str, payload: object) -> None:
        message = read_payload(payload)
        if message is None:
            _log.warning("a foreign notification was ignored")
        elif message.origin == self._origin:
            self._echo.set()  # subscribers in this process already have it
        else:
            for notification in message.cues:
                self._deliver(notification)

    def _lost(self, connection: object) -> None:
        self._echo.set()
        self._outbox.notify()


def _check_open(connection: Driver) -> None:
    if connection.is_closed():
        raise ConnectionLost


async def _close(connection: Driver) -> None:
    with anyio.move_on_after(CLOSE_SECONDS, shield=True):
        try:
            await connection.close(timeout=CLOSE_SECONDS)
        except Exception:
            connection.terminate()


def _log_outage(error: Exception) -> None:
    if isinstance(error, ListenerLost):
        _log.error("no notifications from other replicas: LISTEN gets nothing; is DATABASE_URL a pooler's?")
    else:
        _log.warning("no notifications from other replicas until the database can be reached again", exc_info=error)
