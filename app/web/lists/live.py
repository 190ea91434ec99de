"""Streams of server-sent events that tell open pages when their list has changed.

An event holds nothing but the list's revision: the page then reads what is new, with the same proofs as any page. Before
each event, and at every heartbeat, the session and the membership are proven again.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from typing import Final
from uuid import UUID

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.errors import AppError, LimitReached, Unavailable
from app.pubsub import ListChanged, Notification, PubSub
from app.web.context import WebContext
from app.web.lists.changes import find_list
from app.web.lists.visit import Visit, prove_again

STREAMS: Final = 500
"""In this process: an open stream is an open connection, and others need some too."""

STREAMS_PER_PERSON: Final = 12
"""Open pages of one person, on all their devices."""

HEARTBEAT_SECONDS: Final = 15
GATHER_SECONDS: Final = 0.1
"""Changes that follow one another so fast are one event."""

RETRY_MILLISECONDS: Final = 2_000
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}


class _Stream:
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
        self._streams: set[_Stream] = set()
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
    def opened(self, stream: _Stream, household_id: UUID) -> Generator[None]:
        """Have a stream notified while the block runs."""
        self._streams.add(stream)
        try:
            with self._pubsub.listening(stream.receive, [household_id]):
                yield
        finally:
            self._streams.discard(stream)


class _LiveResponse(Response):
    """The stream of a list, to a page that is open."""

    def __init__(self, web: WebContext, visit: Visit, ref: str, stream: _Stream) -> None:
        super().__init__()
        self._web = web
        self._visit = visit
        self._ref = ref
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams, household_id = self._web.list_streams, self._visit.membership.household_id
        with streams.opened(self._stream, household_id):
            async with aclosing(self._events(streams.heartbeat_seconds)) as events:
                await StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)(scope, receive, send)

    async def _events(self, heartbeat_seconds: float) -> AsyncGenerator[bytes]:
        """Yield the events, the first of them with the revision that the list has now.

        Ends when the person signs out or belongs to the household no longer, and when the list is deleted.
        """
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        sent = -1
        while not self._stream.is_ended:
            try:
                _, rev = await _prove(self._web, self._visit, self._ref)
            except Unavailable:
                return  # the page connects again, and reads what it missed
            except AppError:
                yield b"event: ended\ndata: 0\n\n"
                return
            yield b"event: changed\ndata: %d\n\n" % rev if rev != sent else b": still here\n\n"
            sent = rev
            if await self._stream.wait(heartbeat_seconds):
                await anyio.sleep(GATHER_SECONDS)


async def show_live(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the stream of a list."""
    ref = request.path_params["ref"]
    list_id, _ = await _prove(web, visit, ref)
    web.list_streams.refuse_too_many(visit.person.id)
    return _LiveResponse(web, visit, ref, _Stream(list_id, visit.person.id))


async def _prove(web: WebContext, visit: Visit, ref: str) -> tuple[UUID, int]:
    """Return the list and its revision. Raises what refuses the person by now."""
    async with visit.household(web, write=False).open(write=False) as tenant:
        await prove_again(tenant.connection, web, visit)
        found = await find_list(tenant, ref)
        return found.id, found.rev
