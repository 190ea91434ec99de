"""Serving one desktop host through stdin and stdout, for the person whose computer it is."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import anyio
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.access.local_callers import LocalCallers
from app.access.local_person import find_or_create_local_person
from app.audit.log import AuditLog
from app.db import create_engine
from app.db.embedded import has_database
from app.db.startup import STOP_SIGNALS, Stopped, database
from app.errors import StartupError
from app.fetch.fetcher import fetcher_of
from app.jobs.audit_chain import audit_chain_running
from app.jobs.runner import chores_running, keep_up
from app.limits.rate_limit import RateLimiter
from app.mcp.catalogue import endpoints_of
from app.mcp.elicitation import Elicitation
from app.mcp.http.body import LARGEST_BODY
from app.mcp.local_access import LocalAccess, log_requests
from app.mcp.server import build_server
from app.mcp.subscriptions import Subscriptions
from app.oauth.tokens.verifier import TokenVerifier
from app.pubsub import PubSub
from app.recipes.web_page import page_reader
from app.runtime.standard_streams import StandardStreams, open_lines
from app.settings import Settings
from app.settings.secret_key import has_secret_key, keep_secret_key


@dataclass(frozen=True, slots=True)
class Host:
    """Whom to serve: the person (None: the only one) and the name of the host (None: what it calls itself)."""

    person: str | None = None
    client: str | None = None


def serve_host(settings: Settings, streams: StandardStreams, host: Host) -> None:
    """Serve until stdin ends or a signal asks to stop.

    Raises `StartupError` when the database can't be used, and `AppError` when it is not clear who the person is.
    """
    if has_database(settings.data_dir) and not has_secret_key(settings):
        raise StartupError("SECRET_KEY: give this command the one of the service, preferably in .env")
    # Made before the database, so that a start which is killed in between does not look like a service's own key.
    settings = keep_secret_key(settings)
    with suppress(Stopped), database(settings) as complete:
        asyncio.run(_serve(complete, streams, host))


async def _serve(settings: Settings, streams: StandardStreams, host: Host) -> None:
    assert settings.database_url is not None  # noqa: S101
    database_url = settings.database_url.get_secret_value()
    engine = create_engine(database_url)
    limiter = RateLimiter(settings.rate_limit_storage_url.get_secret_value(), enabled=settings.limits)
    try:
        person_id = await find_or_create_local_person(engine, host.person)
        pubsub = PubSub(database_url)
        audit = AuditLog(engine, settings.secret_keys[0])
        # It verifies no token: there are no issuers.
        authenticator = Authenticator(engine, TokenVerifier(settings.resource, []), GrantCache(pubsub), limiter)
        subscriptions = Subscriptions(engine, authenticator, pubsub)
        elicitation = Elicitation(settings.secret_keys)
        callers = LocalCallers(engine, authenticator, person_id, settings.resource, host.client)
        everything = endpoints_of(page_reader(settings, fetcher_of(settings), limiter))[0]
        server, _ = build_server(
            everything,
            settings.public_url,
            engine,
            authenticator,
            pubsub.lists_changed,
            pubsub.members_changed,
            subscriptions,
            audit,
            elicitation,
            authorize=LocalAccess(callers),
        )
        server.middleware.insert(0, log_requests)
        # Closed from the last to the first, as in the service.
        async with (
            audit_chain_running(engine, settings.secret_keys, settings.audit_days),
            audit.running(),
            pubsub.running(),
            subscriptions.running(),
            chores_running(engine, pubsub.lists_changed, partial(keep_up, engine, None)),
        ):
            await _run(server, streams)
    finally:
        await limiter.close()
        await engine.dispose()


async def _run(server: Server[Any], streams: StandardStreams) -> None:
    """Serve until the host closes one of the streams, or a signal asks to stop."""
    with anyio.CancelScope() as scope, _stopped_by_signals(scope.cancel):
        async with open_lines(streams, LARGEST_BODY, scope.cancel) as (lines, writer):
            # The SDK does nothing with these but read lines, and write them.
            given: Any = lines, writer
            async with stdio_server(*given) as (reading, writing):
                await server.run(reading, writing, server.create_initialization_options())


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Generator[None]:
    """Call `stop` on the event loop in place of what a signal would do: the tasks end in their order."""
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    before = {each: signal.signal(each, handle) for each in STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
