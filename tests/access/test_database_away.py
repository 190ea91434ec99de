"""PostgreSQL stops: what was read in the last two seconds stays valid, then the answer is 503 and never 401."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from pydantic import SecretStr
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.access.api_keys import ApiKeys
from app.access.authenticator import Authenticator
from app.access.grant_cache import KEPT, GrantCache
from app.audit.log import AuditLog
from app.db import create_engine, transaction
from app.db.embedded import EmbeddedPostgres
from app.db.migrations import migrate
from app.limits.rate_limit import RateLimiter
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.oauth.credentials.api_keys import NewKey, create_api_key
from app.oauth.external.trusted_issuers import embedded_issuer
from app.oauth.tokens.verifier import TokenVerifier
from app.pubsub import PubSub
from app.resources import MAIN
from app.settings import Settings
from tests.clock import MovableClock
from tests.factory import Factory
from tests.mcp.client import McpClient
from tests.service import free_port
from tests.shared import SECRET

pytestmark = pytest.mark.anyio


@dataclass
class Stoppable:
    """The middleware in front of a fixed response, on its own PostgreSQL, with a valid token and a valid API key."""

    postgres: EmbeddedPostgres
    http: httpx.AsyncClient
    clock: MovableClock
    bearers: list[str]

    async def stop_postgres(self) -> None:
        await anyio.to_thread.run_sync(self.postgres.stop)


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("fine")(scope, receive, send)


def open_to_all(method: str, tool: str | None) -> frozenset[str]:
    return frozenset()


@pytest.fixture
async def stoppable(tmp_path: Path) -> AsyncGenerator[Stoppable]:
    postgres = EmbeddedPostgres(tmp_path / "data")
    urls = await anyio.to_thread.run_sync(postgres.start)
    engine = create_engine(urls.service)
    try:
        await anyio.to_thread.run_sync(migrate, urls.owner, urls.service)
        settings = Settings(
            _env_file=None,  # pyright: ignore[reportCallIssue]
            port=free_port(),
            database_url=SecretStr(urls.service),
            migration_database_url=SecretStr(urls.owner),
            secret_key=SECRET,
        )
        factory = Factory(engine, settings)
        ada = await factory.connected("Ada")
        clock, pubsub = MovableClock(), PubSub(urls.service)
        new_key = NewKey(str(ada.person.email), "Ada's household")
        async with transaction(engine) as connection:
            key = await create_api_key(connection, settings.resource, new_key, clock())
        verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)], clock=clock)
        limits = RateLimiter(enabled=settings.limits)
        known = GrantCache(pubsub, clock=clock)
        identify = Authenticator(
            engine, verifier, known, limits, api_keys=ApiKeys(engine, settings.issuer), clock=clock
        )
        policy = AccessPolicy(
            "https://x.example",
            ("lists:read",),
            open_to_all,
            resources=frozenset({MAIN}),
            origins=frozenset(),
            page=lambda language: Response(),
            url="https://x.example/mcp",
            hosts=frozenset({"x.example"}),
        )
        middleware = BearerAuthMiddleware(
            fine, policy, identify, AuditLog(engine, settings.secret_keys[0], clock=clock)
        )
        transport = httpx.ASGITransport(middleware)
        async with pubsub.running(), httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            yield Stoppable(postgres, http, clock, [ada.token, key.secret])
    finally:
        await engine.dispose()
        await anyio.to_thread.run_sync(postgres.stop)


async def test_cached_grants_stay_valid_until_they_expire_and_then_the_answer_is_503(stoppable: Stoppable) -> None:
    clients = [McpClient(stoppable.http, bearer) for bearer in stoppable.bearers]
    for client in clients:
        assert (await client.send("tools/list")).status_code == 200
    await stoppable.stop_postgres()
    stoppable.clock.now += KEPT * 0.9
    for client in clients:
        assert (await client.send("tools/list")).status_code == 200
    stoppable.clock.now += KEPT * 0.1
    for client in clients:
        for _ in range(2):
            response = await client.send("tools/list")
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0
            assert "www-authenticate" not in response.headers


async def test_a_key_or_grant_that_was_never_read_gets_503_too(stoppable: Stoppable) -> None:
    await stoppable.stop_postgres()
    for bearer in (*stoppable.bearers, "slk_" + "x" * 43):
        response = await McpClient(stoppable.http, bearer).send("tools/list")
        assert response.status_code == 503
        assert "www-authenticate" not in response.headers
    # What needs no database is still answered.
    assert (await McpClient(stoppable.http, "nonsense").send("tools/list")).status_code == 401
