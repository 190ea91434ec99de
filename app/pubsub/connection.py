"""The connection on which cues come and go: LISTEN and NOTIFY, on one of its own, opened again whenever it is lost.

NOTIFY takes a lock of the whole database until its transaction ends, so it never rides in one that writes: what
gathered in a short interval leaves in one statement of its own.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import anyio
import structlog

from app.db.driver import Driver, connect
from app.pubsub.notifications import Notification, Refetch, payloads_of, read_payload
from app.pubsub.outbox import Outbox

CHANNEL: Final = "shopping_cues"
GATHER_SECONDS: Final = 0.05
HEARTBEAT_SECONDS: Final = 30
ECHO_SECONDS: Final = 5
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
CLOSE_SECONDS: Final = 1

_NOTIFY: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
_log: Final = structlog.stdlib.get_logger("app.pubsub")


class ListenerLost(Exception):
    """Own notifications do not come back."""


class ConnectionLost(Exception):
    """The connection ended."""


class ListenConnection:
    """Sends what is in the outbox, and calls `deliver` for each cue of another process."""

    def __init__(self, url: str, outbox: Outbox, origin: UUID, deliver: Callable[[Notification], None]) -> None:
        self.hears = False
        """Whether cues of others arrive now. After every time they did not, `deliver` gets a `Refetch`."""
        self.tried = anyio.Event()
        """Set once the first attempt to connect succeeded or failed."""
        self._url = url
        self._outbox = outbox
        self._origin = origin
        self._deliver = deliver
        self._echo = anyio.Event()
        self._stopping = False
        self._stopped = anyio.Event()

    async def keep(self) -> None:
        """Keep the connection, until `finish` or a cancellation."""
        pause = FIRST_PAUSE
        missed = False
        while not self._stopping:
            try:
                async with self._listening() as connection:
                    pause = FIRST_PAUSE
                    if missed:
                        _log.info("cues arrive again")
                        self._deliver(Refetch())
                    await self._converse(connection)
            except Exception as error:
                if not missed:
                    _log_outage(error)
                missed = True
                self.tried.set()
                await anyio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._stopped.set()

    async def finish(self) -> None:
        """Send what waits, and end; while the connection is away there is nothing to wait for."""
        self._stopping = True
        self._outbox.hurry()
        if self.hears:
            await self._stopped.wait()

    @asynccontextmanager
    async def _listening(self) -> AsyncGenerator[Driver]:
        connection = await connect(self._url)
        try:
            connection.add_termination_listener(self._lost)
            await connection.add_listener(CHANNEL, self._received)
            await self._prove_hearing(connection)
            self.hears = True
            self.tried.set()
            yield connection
        finally:
            self.hears = False
            await _close(connection)

    async def _converse(self, connection: Driver) -> None:
        """Send what gathers, and now and then prove that the connection still hears; returns after `finish`."""
        while True:
            with anyio.move_on_after(HEARTBEAT_SECONDS) as waiting:
                await self._outbox.notified()
            if waiting.cancelled_caught:
                await self._prove_hearing(connection)
                continue
            _refuse_closed(connection)
            with anyio.move_on_after(GATHER_SECONDS):
                await self._outbox.urgent()
            await self._send(connection)
            if self._stopping:
                return

    async def _send(self, connection: Driver) -> None:
        cues = self._outbox.take()
        try:
            _refuse_closed(connection)
            if cues:
                await connection.execute(_NOTIFY, CHANNEL, payloads_of(self._origin, cues))
        except BaseException:
            # Whether they left is unknown; hearing a cue twice does no harm.
            self._outbox.put_back(cues)
            raise

    async def _prove_hearing(self, connection: Driver) -> None:
        """Raises `Deaf` unless a notification comes back.

        A dead network path says nothing by itself, and a pooler between us may hand the session to someone else.
        """
        self._echo = anyio.Event()
        await connection.execute(_NOTIFY, CHANNEL, payloads_of(self._origin, ()))
        with anyio.move_on_after(ECHO_SECONDS) as waiting:
            await self._echo.wait()
        _refuse_closed(connection)
        if waiting.cancelled_caught:
            raise ListenerLost

    def _received(self, connection: object, process: int, channel: str, payload: object) -> None:
        message = read_payload(payload)
        if message is None:
            _log.warning("a notification that is not ours was ignored")
        elif message.origin == self._origin:
            self._echo.set()  # subscribers of this process have heard of it already
        else:
            for cue in message.cues:
                self._deliver(cue)

    def _lost(self, connection: object) -> None:
        self._echo.set()
        self._outbox.notify()


def _refuse_closed(connection: Driver) -> None:
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
        _log.error("no cues of other replicas: LISTEN hears nothing; does DATABASE_URL lead through a pooler?")
    else:
        _log.warning("no cues of other replicas until the database can be reached again", exc_info=error)
