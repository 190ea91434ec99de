"""`subscriptions/listen`: streams that say which lists changed, to callers who may read them at that moment."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import anyio
import structlog
from mcp_types import SubscriptionsListenRequestParams, SubscriptionsListenResult

from app.access.authenticator import Authenticator
from app.access.caller import Caller
from app.db import Engine
from app.errors import Invalid, LimitReached, NotFound, Unavailable
from app.households.models import Membership
from app.households.tenant import open_tenant
from app.lists.resolve_list import find_by_ref
from app.mcp.context import Context, caller_of
from app.mcp.resources.guide import GUIDE
from app.mcp.resources.lists import LIST_AS_MARKDOWN, LISTS
from app.mcp.resources.members import MEMBERS
from app.mcp.resources.serve import HOUSEHOLD, AnyResource, covered, find_resource
from app.mcp.resources.spec import Variables
from app.mcp.subscription_stream import Stream, Subject
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
RECHECK_SECONDS = 25
"""How often rights are looked at again though nothing was heard: what an operator changes in the database by hand, and
a guest's link that expires, give no notice."""

_FIELD: Final = "notifications.resourceSubscriptions"
_log: Final = structlog.stdlib.get_logger("app.mcp")


class Subscriptions:
    """The open streams of every endpoint. `running` must be entered before `listen` is served."""

    def __init__(
        self, engine: Engine, authenticator: Authenticator, pubsub: PubSub, *, clock: Clock = system_clock
    ) -> None:
        self._engine = engine
        self._authenticator = authenticator
        self._pubsub = pubsub
        self._clock = clock
        self._is_closed = False
        self._streams: set[Stream] = set()
        self._open: Counter[UUID] = Counter()
        self._to_check: dict[Stream, None] = {}
        self._check_requested = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Check the rights of callers again whenever they may have changed."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._check_streams)
            tasks.start_soon(self._recheck)
            try:
                yield
            finally:
                self.close()
                tasks.cancel_scope.cancel()

    def close(self) -> None:
        """End every stream with its final result and open no more: the service is stopping."""
        self._is_closed = True
        for stream in list(self._streams):
            stream.end()

    async def listen(self, context: Context, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
        """Serve one stream until the client leaves, its token expires, or the caller loses the right to follow it.

        Raises `NotFound` for a URI that the caller may not read, exactly as for one that does not exist,
        `LimitReached` and `Invalid` for too many at once, `Unavailable` while notifications do not arrive.
        """
        caller = caller_of(context)
        uris = params.notifications.resource_subscriptions or []
        if len(uris) > URIS_PER_STREAM:
            raise Invalid(f"{_FIELD}: at most {URIS_PER_STREAM} in one stream.", field=_FIELD)
        if self._is_closed or not self._pubsub.is_listening:
            # Without notifications, a stream would not end when its grant does.
            raise Unavailable("Changes can't be followed right now. Listen again shortly.", retry_after=RETRY_SECONDS)
        with self._registered(caller) as stream:
            # Read the rights after subscribing: what ended before is in the database, what ends later is notified.
            current = await self._authenticator.reload(caller)
            if current is None or LISTS_READ not in current.scopes:
                raise _not_found(0)
            follows_all = params.notifications.resources_list_changed and not current.actor.is_guest
            memberships = current.actor.memberships if follows_all else ()
            listed = [each.household_id for each in memberships]
            stream.follow(await self._resolve(current, uris), listed)
            if stream.is_ended:
                raise Unavailable("The stream has ended. Listen again.", retry_after=RETRY_SECONDS)
            left = caller.expires_at - self._clock()
            expiry = asyncio.get_running_loop().call_later(max(left, timedelta()).total_seconds(), stream.end)
            try:
                return await stream.handler(context, _what_can_change(params))
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
        stream = Stream(caller, self._request_check)
        households = (each.household_id for each in caller.actor.memberships)
        self._open.update((grant_id, person_id))
        self._streams.add(stream)
        try:
            with self._pubsub.listening(stream.receive, [grant_id, *households]):
                yield stream
        finally:
            self._streams.discard(stream)
            self._to_check.pop(stream, None)
            self._open -= Counter((grant_id, person_id))  # this also drops zeros

    def _make_room(self, person_id: UUID) -> None:
        """If all places are taken, end a stream of the person with the most, unless this person has about as many.

        This way nobody can lock others out, however many accounts share the places. Raises `Unavailable`.
        """
        live = [stream for stream in self._streams if not stream.is_ended]
        if len(live) < STREAMS:
            return
        [(busiest, most)] = Counter(stream.caller.actor.person_id for stream in live).most_common(1)
        if most < self._open[person_id] + 2:
            raise Unavailable("Too many streams are open. Listen again later.", retry_after=RETRY_SECONDS)
        next(stream for stream in live if stream.caller.actor.person_id == busiest).end()

    async def _resolve(self, caller: Caller, uris: Sequence[str]) -> dict[Subject, str]:
        """Return the subjects of the URIs: what `resources/list` lists can be followed. The guide never changes."""
        subjects: dict[Subject, str] = {}
        for number, uri in enumerate(uris):
            spec, variables = find_resource(uri)
            if spec is GUIDE:
                continue
            membership = covered(caller, variables.get(HOUSEHOLD, ""))
            if membership is None:
                raise _not_found(number)
            subject = await self._subject(caller, membership, spec, variables)
            if subject is None:
                raise _not_found(number)
            subjects[subject] = uri
        return subjects

    async def _subject(
        self, caller: Caller, membership: Membership, spec: AnyResource | None, variables: Variables
    ) -> Subject | None:
        if spec is LISTS and not caller.actor.is_guest:
            return Subject(membership.household_id, "all")
        if spec is MEMBERS and not caller.actor.is_guest:
            return Subject(membership.household_id, "members")
        if spec is LIST_AS_MARKDOWN:
            list_id = await self._find_list(caller, membership.ref, variables["list"])
            return None if list_id is None else Subject(membership.household_id, list_id)
        return None

    async def _find_list(self, caller: Caller, household: str, ref: str) -> UUID | None:
        actor = caller.actor
        async with open_tenant(self._engine, actor, household, write=False, for_guests=actor.is_guest) as tenant:
            found = await find_by_ref(tenant, ref)
        return None if found is None or actor.only_list not in (None, found.id) else found.id

    def _request_check(self, stream: Stream) -> None:
        self._to_check.pop(stream, None)
        self._to_check[stream] = None
        self._check_requested.set()

    async def _check_streams(self) -> None:
        """Check one stream after the other: after a restart of the database all need it, and calls need the database.

        The latest request comes first, so that the end of one grant does not wait for all the others.
        """
        while True:
            await self._check_requested.wait()
            self._check_requested = anyio.Event()
            while self._to_check:
                stream, _ = self._to_check.popitem()
                if not await self._may_follow(stream):
                    stream.end()
                elif stream not in self._to_check:
                    stream.confirm()

    async def _recheck(self) -> None:
        while True:
            await anyio.sleep(RECHECK_SECONDS)
            for stream in self._streams:
                self._request_check(stream)

    async def _may_follow(self, stream: Stream) -> bool:
        try:
            caller = await self._authenticator.reload(stream.caller)
        except Unavailable:
            return False  # the client listens again, and reads what it missed
        except Exception:
            _log.exception("the rights of a stream could not be checked")
            return False
        if caller is None or LISTS_READ not in caller.scopes:
            return False
        return stream.households <= {each.household_id for each in caller.actor.memberships}


def _what_can_change(params: SubscriptionsListenRequestParams) -> SubscriptionsListenRequestParams:
    """Return a request without what never changes, so that the acknowledgement doesn't promise it."""
    never = {"tools_list_changed": None, "prompts_list_changed": None}
    return params.model_copy(update={"notifications": params.notifications.model_copy(update=never)})


def _not_found(number: int) -> NotFound:
    field = f"{_FIELD}[{number}]"
    message = f"{field}: there is no such resource to follow. resources/list names those that you may."
    return NotFound(message, field=field)
