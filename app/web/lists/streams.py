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

    def make_room(self, person_id: UUID) -> None:
        """Make room for one more stream of a person. If all places are taken, one of the person with the most ends,
        unless this person has about as many: nobody can lock others out, however many accounts share the places.

        Raises `LimitReached` where the person has too many, and `Unavailable` where there is no room, or while changes
        that are made in other processes aren't heard of.
        """
        live = [each for each in self._streams if not each.is_ended]
        of_people = Counter(each.person_id for each in live)
        if self._is_closed or not self._pubsub.is_listening:
            raise _unavailable()
        if of_people[person_id] >= STREAMS_PER_PERSON:
            raise LimitReached("Too many pages are open. Close some of them.", retry_after=60)
        if len(live) < STREAMS:
            return
        [(busiest, most)] = of_people.most_common(1)
        if most < of_people[person_id] + 2:
            raise _unavailable()
        next(each for each in live if each.person_id == busiest).end()

    @contextmanager
    def opened(self, stream: ListStream, household_id: UUID) -> Generator[None]:
        """Have a stream notified while the block runs."""
        self._streams.add(stream)
        try:
            with self._pubsub.listening(stream.receive, [household_id]):
                yield
        finally:
            self._streams.discard(stream)


def _unavailable() -> Unavailable:
    return Unavailable("Changes can't be followed right now. Try again shortly.", retry_after=5)
