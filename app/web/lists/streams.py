"""The open streams of the pages of lists in a process: how many there may be, and what wakes them."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import anyio

from app.errors import LimitReached, Unavailable
from app.pubsub import ListChanged, Notification, PubSub

STREAMS: Final = 500
"""In this process: an open stream is an open connection, and others need some too."""

STREAMS_PER_PERSON: Final = 12
"""Open pages of one person, on all their devices."""

HEARTBEAT_SECONDS: Final = 15


class ListStream:
    """What one open page follows."""

    def __init__(self, list_id: UUID, person_id: UUID) -> None:
        self.person_id = person_id
        self.is_ended = False
        self._list_id = list_id
        self._event = anyio.Event()

    def receive(self, notification: Notification) -> None:
        """Wake for a change of the list, and for whatever may change who may see it."""
        if not isinstance(notification, ListChanged) or notification.list_id == self._list_id:
            self._event.set()

    def end(self) -> None:
        """End it soon."""
        self.is_ended = True
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Return whether something happened; False after so many seconds in which nothing did."""
        with anyio.move_on_after(seconds):
            await self._event.wait()
            self._event = anyio.Event()
            return True
        return False


class ListStreams:
    """The open streams of a process."""

    def __init__(self, pubsub: PubSub, *, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._pubsub = pubsub
        self.heartbeat_seconds = heartbeat_seconds
        self._streams: set[ListStream] = set()
        self._is_closed = False

    def close(self) -> None:
        """End every stream and open no more: the service is stopping."""
        self._is_closed = True
        for stream in list(self._streams):
            stream.end()

    def refuse_too_many(self, person_id: UUID) -> None:
        """Raise `LimitReached` where a person has too many, `Unavailable` where there is no room, or while changes
        that are made in other processes aren't heard of."""
        if self._is_closed or not self._pubsub.is_listening or len(self._streams) >= STREAMS:
            raise Unavailable("Changes can't be followed right now. Try again shortly.", retry_after=5)
        if Counter(each.person_id for each in self._streams)[person_id] >= STREAMS_PER_PERSON:
            raise LimitReached("Too many pages are open. Close some of them.", retry_after=60)

    @contextmanager
    def opened(self, stream: ListStream, household_id: UUID) -> Generator[None]:
        """Have a stream notified while the block runs."""
        self._streams.add(stream)
        try:
            with self._pubsub.listening(stream.receive, [household_id]):
                yield
        finally:
            self._streams.discard(stream)
