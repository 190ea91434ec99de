"""`subscriptions/listen`: streams that say which lists changed, to callers who may read them at that moment."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import anyio
import structlog
from mcp.server.context import ServerRequestContext
from mcp_types import SubscriptionsListenRequestParams, SubscriptionsListenResult
from starlette.requests import Request

from app.access.authenticator import Authenticator
from app.access.caller import Caller
from app.db import Engine
from app.errors import Invalid, LimitReached, NotFound, Unavailable
from app.households.tenant import open_tenant
from app.lists.resolve_list import resolve_list
from app.mcp.dispatch import caller_of
from app.mcp.subscription_stream import Place, Stream
from app.mcp.uris import parse_uri
from app.pubsub import PubSub
from app.runtime.clock import Clock, system_clock
from app.scopes import LISTS_READ

STREAMS_PER_GRANT: Final = 5
STREAMS_PER_PERSON: Final = 20
"""With all their grants."""

STREAMS: Final = 1_000
"""In this process: an open stream is an open connection, and others need some too."""

URIS_PER_STREAM: Final = 50
RETRY_SECONDS: Final = 2

_FIELD: Final = "notifications.resourceSubscriptions"
_log: Final = structlog.stdlib.get_logger("app.mcp")


class Subscriptions:
    """The open streams of every door. `running` must be entered before `listen` is served."""

    def __init__(self, engine: Engine, identify: Authenticator, pubsub: PubSub, *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._identify = identify
        self._pubsub = pubsub
        self._clock = clock
        self._closed = False
        self._streams: set[Stream] = set()
        self._open: Counter[UUID] = Counter()
        self._doubted: dict[Stream, None] = {}
        self._doubts = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Look again at the rights of callers when they may have changed."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._settle_doubts)
            try:
                yield
            finally:
                self.close()
                tasks.cancel_scope.cancel()

    def close(self) -> None:
        """End every stream with its final result, and open no more: the service is stopping."""
        self._closed = True
        for stream in list(self._streams):
            stream.end()

    async def listen(
        self, context: ServerRequestContext[Any, Request], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """Serve one stream until the client leaves, its token expires, or the caller may not follow it any longer.

        Raises `NotFound` for an address that the caller may not read, exactly as for one that does not exist,
        `LimitReached` and `Invalid` for too much at once, `Unavailable` while cues do not arrive.
        """
        caller = caller_of(context)
        uris = params.notifications.resource_subscriptions or []
        if len(uris) > URIS_PER_STREAM:
            raise Invalid(f"{_FIELD}: at most {URIS_PER_STREAM} in one stream.", field=_FIELD)
        if self._closed or not self._pubsub.is_listening:
            # Without cues, a stream would not end when its grant does.
            raise Unavailable("Changes can't be followed right now. Listen again shortly.", retry_after=RETRY_SECONDS)
        with self._registered(caller) as stream:
            # Only now, as a stream that hears of them: what ended before this look is seen by it, the rest is told.
            current = await self._identify.reload(caller)
            if current is None or LISTS_READ not in current.scopes:
                raise _no_such(0)
            stream.watch(await self._resolve(current, uris))
            if stream.ended:
                raise Unavailable("The stream has ended. Listen again.", retry_after=RETRY_SECONDS)
            left = caller.expires_at - self._clock()
            expiry = asyncio.get_running_loop().call_later(max(left, timedelta()).total_seconds(), stream.end)
            try:
                return await stream.handler(context, params)
            finally:
                expiry.cancel()

    @contextmanager
    def _registered(self, caller: Caller) -> Generator[Stream]:
        grant_id, person_id = caller.actor.grant_id, caller.actor.person_id
        if self._open[grant_id] >= STREAMS_PER_GRANT:
            raise LimitReached(f"This connection has {STREAMS_PER_GRANT} open streams. Close one of them first.")
        if self._open[person_id] >= STREAMS_PER_PERSON:
            raise LimitReached(f"Your apps have {STREAMS_PER_PERSON} open streams together. Close one of them first.")
        self._make_room(person_id)
        stream = Stream(caller, self._doubt)
        households = (each.household_id for each in caller.actor.memberships)
        self._open.update((grant_id, person_id))
        self._streams.add(stream)
        try:
            with self._pubsub.listening(stream.heard, [grant_id, *households]):
                yield stream
        finally:
            self._streams.discard(stream)
            self._doubted.pop(stream, None)
            self._open -= Counter((grant_id, person_id))  # which drops those that come to nothing

    def _make_room(self, person_id: UUID) -> None:
        """Where all places are taken, end a stream of whoever has most, if they still have more than this person then:
        so nobody keeps others out, however many accounts share the places. Raises `Unavailable`.
        """
        alive = [stream for stream in self._streams if not stream.ended]
        if len(alive) < STREAMS:
            return
        [(whose, most)] = Counter(stream.caller.actor.person_id for stream in alive).most_common(1)
        if most < self._open[person_id] + 2:
            raise Unavailable("Too many streams are open. Listen again later.", retry_after=RETRY_SECONDS)
        next(stream for stream in alive if stream.caller.actor.person_id == whose).end()

    async def _resolve(self, caller: Caller, uris: Sequence[str]) -> dict[Place, str]:
        """The places that the addresses stand for."""
        places: dict[Place, str] = {}
        for number, uri in enumerate(uris):
            address = parse_uri(uri)
            found = [each for each in caller.actor.memberships if address is not None and each.ref == address.household]
            if address is None or not found:
                raise _no_such(number)
            list_id = None if address.list is None else await self._list_id(caller, address.household, address.list)
            if address.list is not None and list_id is None:
                raise _no_such(number)
            places[found[0].household_id, list_id] = uri
        return places

    async def _list_id(self, caller: Caller, household: str, ref: str) -> UUID | None:
        async with open_tenant(self._engine, caller.actor, household, write=False) as tenant:
            try:
                found = await resolve_list(tenant, ref)
            except NotFound:
                return None
        return found.id if found.ref == ref else None

    def _doubt(self, stream: Stream) -> None:
        self._doubted.pop(stream, None)
        self._doubted[stream] = None
        self._doubts.set()

    async def _settle_doubts(self) -> None:
        """One stream after the other, because after a restart of the database all are in doubt, and calls need it too.
        The latest doubt first: the end of one grant does not wait for all the others.
        """
        while True:
            await self._doubts.wait()
            self._doubts = anyio.Event()
            while self._doubted:
                stream, _ = self._doubted.popitem()
                if not await self._may_follow(stream):
                    stream.end()
                elif stream not in self._doubted:
                    stream.trust()

    async def _may_follow(self, stream: Stream) -> bool:
        try:
            caller = await self._identify.reload(stream.caller)
        except Unavailable:
            return False  # the client listens again, and reads what it missed
        except Exception:
            _log.exception("the rights of a stream could not be looked at")
            return False
        if caller is None or LISTS_READ not in caller.scopes:
            return False
        return stream.households <= {each.household_id for each in caller.actor.memberships}


def _no_such(number: int) -> NotFound:
    field = f"{_FIELD}[{number}]"
    message = f"{field}: there is no such resource. Addresses are shopping://HOUSEHOLD/lists/LIST, with refs of yours."
    return NotFound(message, field=field)
