"""The authorization server by itself, with a clock that tests move."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from starlette.applications import Starlette

from app.audit.log import AuditLog
from app.db import Engine, transaction
from app.db.revision import Readiness
from app.fetch.fetcher import Fetcher, fetcher_of
from app.limits.rate_limit import RateLimit, RateLimiter
from app.main import authorization_server_routes, client_policy
from app.oauth.context import OAuthContext
from app.oauth.grants.models import Grant
from app.oauth.grants.repository import find_live_grant
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.policy import token_policy
from app.people.passwords import PasswordHashing
from app.pubsub import PubSub
from app.runtime.health import health_routes
from app.runtime.mailer import Mailer
from app.settings import Settings
from app.ui.static_files import static_files
from app.web.lists.streams import ListStreams
from tests.clock import MovableClock
from tests.hashing import CheapHasher
from tests.mailbox import Mailbox, mailbox
from tests.oauth.tokens import tokens_for

_numbers = count(1)


@dataclass
class RunningServer:
    """An authorization server under test."""

    app: Starlette
    settings: Settings
    context: OAuthContext
    mailer: Mailer
    clock: MovableClock
    revoked: list[UUID]

    @property
    def engine(self) -> Engine:
        """Its database."""
        return self.context.engine

    @property
    def keys(self) -> KeyRing:
        """The keys that sign its tokens."""
        return self.context.keys

    @property
    def audit(self) -> AuditLog:
        """Where its refusals are recorded."""
        return self.context.audit

    @property
    def url(self) -> str:
        """PUBLIC_URL."""
        return self.settings.public_url

    async def grant_of(self, access_token: str) -> Grant | None:
        """The live grant behind an access token."""
        grant_id = UUID(jwt.decode(access_token, options={"verify_signature": False})["gid"])
        async with transaction(self.engine) as connection:
            return await find_live_grant(connection, grant_id, self.clock())

    def browser(self) -> httpx.AsyncClient:
        """A fresh browser, or a client's HTTP connection, without cookies."""
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=self.settings.public_origin)


def unheard(household_id: UUID, lists: Mapping[UUID, int], themselves: Collection[UUID]) -> None:
    """Nobody follows lists where there is no MCP endpoint."""


async def start(
    settings: Settings,
    engine: Engine,
    fetcher: Fetcher | None = None,
    *,
    rates: Mapping[RateLimit, int] | None = None,
    hashing: PasswordHashing | None = None,
) -> RunningServer:
    """An authorization server on a database, as the service has it except for what is given, and with passwords whose
    hashes cost little.

    With `rates` it has these rate limits.
    """
    if rates is not None:
        settings = settings.model_copy(update={"limits": True})
    clock = MovableClock()
    keys = KeyRing(engine, settings.secret_keys, clock=clock)
    await keys.load()
    revoked: list[UUID] = []
    changed: list[UUID] = []
    audit = AuditLog(engine, settings.secret_keys[0], clock=clock)
    limiter = RateLimiter(enabled=settings.limits, rates=rates)
    context = OAuthContext(
        settings.public_url,
        client_policy(settings),
        engine,
        clock,
        audit,
        keys,
        revoked.append,
        limiter,
        token_policy(settings),
    )
    mailer = Mailer(settings.smtp)
    routes = authorization_server_routes(
        settings,
        context,
        fetcher or fetcher_of(settings),
        mailer,
        hashing or PasswordHashing(CheapHasher()),
        unheard,
        changed.append,
        ListStreams(PubSub(settings.database_url.get_secret_value() if settings.database_url else "")),
    )
    app = Starlette(routes=[*routes, static_files(), *health_routes(Readiness(engine))])
    return RunningServer(app, settings, context, mailer, clock, revoked)


@pytest.fixture
async def server(settings: Settings, engine: Engine) -> RunningServer:
    """The authorization server with the suite's settings."""
    return await start(settings, engine)


@dataclass
class Mailing:
    """An authorization server that sends e-mails, and the mailbox that receives them."""

    server: RunningServer
    box: Mailbox


@pytest.fixture
async def mailing(settings: Settings, engine: Engine) -> AsyncIterator[Mailing]:
    """The authorization server with a mail server."""
    async with mailbox() as box:
        server = await start(box.settings(settings), engine)
        async with server.mailer.running():
            yield Mailing(server, box)


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """One browser, and a client's HTTP connection, at that server."""
    async with server.browser() as client:
        yield client


@pytest.fixture
def email() -> str:
    """An address that nobody has signed up with."""
    return f"person{next(_numbers)}.{datetime.now(UTC).timestamp():.6f}@example.org"


@pytest.fixture
async def tokens(server: RunningServer, http: httpx.AsyncClient, email: str) -> dict[str, Any]:
    """Tokens of a new person for a public client, with its `client_id`."""
    return await tokens_for(http, server.url, email)
