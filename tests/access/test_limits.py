"""Limits at the MCP endpoints: who has to wait, and who does not because of somebody else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event, update
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.access.api_keys import ApiKeys
from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.crypto.tokens import API_KEY_PREFIX, new_secret
from app.db import Engine, transaction
from app.limits.defaults import CALLS, CALLS_OF_PERSON, UNKNOWN_KEYS
from app.limits.rate_limit import RateLimiter
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.oauth.credentials.api_keys import NewKey, create_api_key
from app.oauth.external.trusted_issuers import embedded_issuer
from app.oauth.tables import grants
from app.oauth.tokens.verifier import TokenVerifier
from app.resources import MAIN
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("{}", media_type="application/json")(scope, receive, send)


def open_to_all(method: str, tool: str | None) -> frozenset[str]:
    return frozenset()


@dataclass
class LimitedEndpoint:
    """The middleware with small limits, and how often it asked the database."""

    middleware: BearerAuthMiddleware
    asked: list[None] = field(default_factory=list[None])

    @asynccontextmanager
    async def at(self, address: str) -> AsyncGenerator[httpx.AsyncClient]:
        """Return a client that calls from that address."""
        transport = httpx.ASGITransport(self.middleware, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            yield http


@pytest.fixture
async def endpoint(
    app: Starlette, engine: Engine, settings: Settings, factory: Factory
) -> AsyncGenerator[LimitedEndpoint]:
    """At most 3 calls of a grant, 5 of a person, and 2 unknown API keys of an address in a minute."""
    await factory.keys.load()
    identify = Authenticator(
        engine,
        TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)]),
        GrantCache(app.state.pubsub),
        RateLimiter(rates={CALLS: 3, CALLS_OF_PERSON: 5, UNKNOWN_KEYS: 2}),
        api_keys=ApiKeys(engine, settings.issuer),
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
    found = LimitedEndpoint(BearerAuthMiddleware(fine, policy, identify, app.state.audit))

    def note(*_: object) -> None:
        found.asked.append(None)

    event.listen(engine.sync_engine, "checkout", note)
    yield found
    event.remove(engine.sync_engine, "checkout", note)


async def status(http: httpx.AsyncClient, token: str) -> int:
    return (await McpClient(http, token).send("tools/list")).status_code


async def key_of(connected: Connected, engine: Engine, settings: Settings) -> str:
    new_key = NewKey(str(connected.person.email), "Ada's household")
    async with transaction(engine) as connection:
        return (await create_api_key(connection, settings.resource, new_key, datetime.now(UTC))).secret


def assert_retry_later(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.json()["error"] == "temporarily_unavailable"
    assert "www-authenticate" not in response.headers


@pytest.mark.proves("""rs-rate-limit SHOULD own rule
    Calls of a grant and of a person, and unknown API keys of an address, are limited with 429 and Retry-After.
    Here: A grant may make 600 calls a minute, and a person 2,400 with all their grants of whatever kind, counted in
    each process and for each call of a batch. An address may send 600 unknown API keys a minute: above that no key is
    looked up that was not seen before, and those that were go on. Access tokens are always checked, which asks the
    database nothing.""")
async def test_a_grant_that_calls_too_often_waits_and_no_other_does(
    endpoint: LimitedEndpoint, factory: Factory, ada: Connected
) -> None:
    eve = await factory.connected("Eve")
    async with endpoint.at(HERE) as http:
        for _ in range(3):
            assert await status(http, ada.token) == 200
        assert_retry_later(await McpClient(http, ada.token).send("tools/list"))
        assert await status(http, eve.token) == 200


@pytest.mark.proves("rs-rate-limit")
async def test_many_grants_of_one_person_have_no_more_than_the_person(
    endpoint: LimitedEndpoint, engine: Engine, settings: Settings, factory: Factory, ada: Connected
) -> None:
    eve = await factory.connected("Eve")
    other = await factory.connect(ada.person, ada.household_id)
    key = await key_of(ada, engine, settings)
    async with endpoint.at(HERE) as http:
        assert [await status(http, token) for token in (ada.token, other.token, key, key, ada.token)] == [200] * 5
        for token in (ada.token, other.token, key):
            assert_retry_later(await McpClient(http, token).send("tools/list"))
        assert await status(http, eve.token) == 200


@pytest.mark.proves("batch-authorised")
async def test_each_call_of_a_batch_counts(endpoint: LimitedEndpoint, ada: Connected) -> None:
    async with endpoint.at(HERE) as http:
        client = McpClient(http, ada.token, "2025-11-25")
        headers = {**client.headers("tools/list"), "MCP-Protocol-Version": "2025-03-26"}
        message = client.message("tools/list")
        assert (await http.post("/mcp", json=[message] * 2, headers=headers)).status_code == 200
        assert_retry_later(await http.post("/mcp", json=[message] * 2, headers=headers))


@pytest.mark.proves("rs-rate-limit")
async def test_a_grant_that_has_ended_is_not_looked_up_without_end(
    endpoint: LimitedEndpoint, engine: Engine, ada: Connected
) -> None:
    async with transaction(engine) as connection:
        await connection.execute(update(grants).values(revoked_at=datetime.now(UTC), revoked_because="test"))
    async with endpoint.at(HERE) as http:
        assert [await status(http, ada.token) for _ in range(3)] == [401] * 3
        asked = len(endpoint.asked)
        assert_retry_later(await McpClient(http, ada.token).send("tools/list"))
        assert len(endpoint.asked) == asked


@pytest.mark.proves("rs-rate-limit")
async def test_a_flood_of_unknown_keys_is_not_looked_up_and_stops_no_key_that_is_known(
    endpoint: LimitedEndpoint, engine: Engine, settings: Settings, ada: Connected
) -> None:
    known, later = [await key_of(ada, engine, settings) for _ in range(2)]
    async with endpoint.at(HERE) as http, endpoint.at(ELSEWHERE) as other:
        assert await status(http, known) == 200
        assert [await status(http, new_secret(API_KEY_PREFIX)) for _ in range(2)] == [401, 401]
        asked = len(endpoint.asked)
        assert_retry_later(await McpClient(http, new_secret(API_KEY_PREFIX)).send("tools/list"))
        assert len(endpoint.asked) == asked
        assert await status(http, known) == 200
        # A good one is not known either before it was looked up: it waits here, and nowhere else.
        assert await status(http, later) == 429
        assert await status(other, later) == 200
        assert await status(http, later) == 200


@pytest.mark.proves("rs-rate-limit")
async def test_forged_tokens_ask_the_database_nothing_and_keep_no_valid_one_out(
    endpoint: LimitedEndpoint, ada: Connected
) -> None:
    signed, _, _ = ada.token.rpartition(".")
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    key = ec.generate_private_key(ec.SECP256R1())
    of_no_key_of_ours = jwt.encode(claims, key, "ES256", headers={"typ": "at+jwt", "kid": "made-up"})
    async with endpoint.at(HERE) as http:
        asked = len(endpoint.asked)
        for forged in (f"{signed}.{'A' * 86}", of_no_key_of_ours, "x.y.z") * 2:
            assert await status(http, forged) == 401
        assert [await status(http, new_secret(API_KEY_PREFIX)) for _ in range(3)] == [401, 401, 429]
        assert len(endpoint.asked) == asked + 2
        assert await status(http, ada.token) == 200
