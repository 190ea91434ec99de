"""Two processes on one database, and a bare connection that sees every notification."""

from collections.abc import AsyncGenerator, Generator

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream

from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.pubsub import Notification, PubSub
from app.pubsub.connection import CHANNEL
from app.pubsub.notifications import Message, read_payload

SECONDS = 30
"""How long a test waits for what must arrive."""


class Heard:
    """A listener that keeps what it receives, in order."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[Notification](10_000)

    def __call__(self, notification: Notification) -> None:
        self._send.send_nowait(notification)

    async def next(self) -> Notification:
        """Wait for the next notification."""
        with anyio.fail_after(SECONDS):
            return await self._receive.receive()

    async def until(self, last: Notification) -> list[Notification]:
        """Return everything up to and including a notification."""
        notifications = [await self.next()]
        while notifications[-1] != last:
            notifications.append(await self.next())
        return notifications

    def close(self) -> None:
        self._send.close()
        self._receive.close()


@pytest.fixture
async def pubsub(database: DatabaseUrls) -> AsyncGenerator[PubSub]:
    pubsub = PubSub(database.service)
    async with pubsub.running():
        yield pubsub


@pytest.fixture
async def other(database: DatabaseUrls) -> AsyncGenerator[PubSub]:
    """The pubsub of another process on the same database."""
    pubsub = PubSub(database.service)
    async with pubsub.running():
        yield pubsub


@pytest.fixture
def heard() -> Generator[Heard]:
    heard = Heard()
    yield heard
    heard.close()


class Wire:
    """What goes over the channel, as seen from outside."""

    def __init__(self, messages: MemoryObjectReceiveStream[str]) -> None:
        self._payloads = messages

    async def next(self) -> tuple[str, Message]:
        """Wait for the next payload that holds notifications; return it and its message."""
        with anyio.fail_after(SECONDS):
            while True:
                payload = await self._payloads.receive()
                message = read_payload(payload)
                assert message is not None, payload
                if message.cues:
                    return payload, message


@pytest.fixture
async def wire(database: DatabaseUrls) -> AsyncGenerator[Wire]:
    send, receive = anyio.create_memory_object_stream[str](10_000)

    def received(connection: object, process: int, channel: str, payload: object) -> None:
        send.send_nowait(str(payload))

    connection = await connect(database.service)
    await connection.add_listener(CHANNEL, received)
    with send, receive:
        yield Wire(receive)
        await connection.close()
