"""Streams of server-sent events that tell open pages when their list has changed.

An event holds nothing but the revision of the list: the page then reads what is new, as any page is read. Before each
event, and at every heartbeat, the session and the membership are proven again.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from uuid import UUID

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.errors import AppError, Unavailable
from app.web.context import WebContext
from app.web.lists.changes import find_list
from app.web.lists.streams import ListStream
from app.web.lists.visit import Visit, prove_again

GATHER_SECONDS: Final = 0.1
"""Changes that follow one another so fast are one event."""

RETRY_MILLISECONDS: Final = 2_000
_EVENTS: Final = "text/event-stream"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class _LiveResponse(Response):
    """The stream of a list, to a page that is open."""

    def __init__(self, web: WebContext, visit: Visit, ref: str, stream: ListStream) -> None:
        super().__init__()
        self._web = web
        self._visit = visit
        self._ref = ref
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams, household_id = self._web.list_streams, self._visit.membership.household_id
        with streams.opened(self._stream, household_id):
            async with aclosing(self._events(streams.heartbeat_seconds)) as events:
                await StreamingResponse(events, media_type=_EVENTS, headers=_HEADERS)(scope, receive, send)

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
    """GET of the stream of a list; HEAD answers at once, with the headers only."""
    ref = request.path_params["ref"]
    list_id, _ = await _prove(web, visit, ref)
    if request.method == "HEAD":
        return Response(media_type=_EVENTS, headers=_HEADERS)
    web.list_streams.make_room(visit.person.id)
    return _LiveResponse(web, visit, ref, ListStream(list_id, visit.person.id))


async def _prove(web: WebContext, visit: Visit, ref: str) -> tuple[UUID, int]:
    """Return the list and its revision. Raises what refuses the person by now."""
    async with visit.household(web, write=False).open(write=False) as tenant:
        await prove_again(tenant.connection, web, visit)
        found = await find_list(tenant, ref)
        return found.id, found.rev
