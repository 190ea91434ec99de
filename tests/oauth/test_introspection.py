"""The introspection endpoint."""

from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import delete, update

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.households.tables import memberships
from app.limits.defaults import CLIENT_FAILURES, INTROSPECTIONS
from app.oauth.clients.models import Client, ClientKind
from app.oauth.clients.repository import insert_client
from app.oauth.tables import clients, grants
from app.resources import READ_ONLY
from app.settings import Settings
from tests.db.looking import change
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import REDIRECT_URI, refresh, register

pytestmark = pytest.mark.anyio

ASKING = {"client_id": "resource-server", "client_secret": "sls_of_the_resource_server"}


async def let_in(server: RunningServer) -> None:
    """Register a resource server that may ask, as the operator does."""
    client = Client(
        id=ASKING["client_id"],
        kind=ClientKind.PREREGISTERED,
        name="A resource server",
        redirect_uris=(REDIRECT_URI,),
        token_endpoint_auth_method="client_secret_basic",
        secret_hash=hash_of(ASKING["client_secret"]),
        may_introspect=True,
    )
    async with transaction(server.engine) as connection:
        await insert_client(connection, client, {}, datetime.now(UTC))


@pytest.fixture
async def tokens(server: RunningServer, tokens: dict[str, Any]) -> dict[str, Any]:
    """Tokens, and a client that may introspect them."""
    await let_in(server)
    return tokens


async def ask(http: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    return await http.post("/oauth/introspect", data={**ASKING, "token": token, **more})


async def answer_to(http: httpx.AsyncClient, token: str, **more: str) -> dict[str, Any]:
    response = await ask(http, token, **more)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_valid_token_is_described(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    response = await ask(http, tokens["access_token"], token_type_hint="refresh_token")
    assert response.headers["cache-control"] == "no-store"
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    same = ("iss", "aud", "sub", "client_id", "scope", "exp")
    assert response.json() == {"active": True, "token_type": "Bearer", **{name: claims[name] for name in same}}


@pytest.mark.proves("""in-inactive MUST RFC 7662 §2.2, §4
    For a token that is not valid, or not for the caller, the response says inactive and nothing more.
    Here: Such a token is answered with `active` false and nothing else.""")
@pytest.mark.proves("in-state")
async def test_for_an_invalid_token_the_response_says_inactive_and_nothing_more(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    others = [
        tokens["refresh_token"],
        tokens["access_token"][:-6] + "AAAAAA",
        server.keys.sign({**claims, "aud": "https://other.example/mcp"}),
        server.keys.sign({**claims, "iss": "https://other.example"}),
        server.keys.sign({**claims, "sub": claims["gid"]}),
        "slk_" + "x" * 43,
        "slc_x",
        "a.b.c",
        "x" * 5000,
    ]
    for token in others:
        assert await answer_to(http, token) == {"active": False}
    assert (await answer_to(http, tokens["access_token"]))["active"] is True


@pytest.mark.proves("""in-state MUST RFC 7662 §4
    Introspection looks at expiry, revocation, signature and audience.
    Here: The same checks as at the endpoint, and the grant and its households are looked at; `aud` names the endpoint
    that the grant is for.""")
async def test_an_expired_or_revoked_token_is_inactive(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    fresh = (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).json()
    assert (await answer_to(http, fresh["access_token"]))["active"] is True
    server.clock.move(hours=7, minutes=59, seconds=59)
    assert (await answer_to(http, fresh["access_token"]))["active"] is True
    server.clock.move(seconds=1)
    assert await answer_to(http, fresh["access_token"]) == {"active": False}
    server.clock.move(hours=-8)
    assert (await answer_to(http, fresh["access_token"]))["active"] is True
    await http.post("/oauth/revoke", data={"client_id": tokens["client_id"], "token": fresh["refresh_token"]})
    assert await answer_to(http, fresh["access_token"]) == {"active": False}


@pytest.mark.proves("in-state")
async def test_a_token_without_a_household_left_is_inactive(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    async with transaction(server.engine) as connection:
        await connection.execute(delete(memberships))
    assert await answer_to(http, tokens["access_token"]) == {"active": False}


async def test_a_narrowed_token_shows_its_own_scopes(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    narrow = await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"], scope="lists:read")
    assert (await answer_to(http, narrow.json()["access_token"]))["scope"] == "lists:read"


@pytest.mark.proves("in-state")
async def test_a_token_for_the_endpoint_for_reading_is_for_that_one_only(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any], database: DatabaseUrls
) -> None:
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    read_only = READ_ONLY.identifier(server.url)
    await change(database.owner, update(grants).where(grants.c.id == grant.id).values(resource=read_only))
    assert (await answer_to(http, tokens["access_token"]))["aud"] == read_only


@pytest.mark.proves("""in-auth MUST RFC 7662 §2.1, §4
    Only authenticated resource servers may introspect.
    Here: Only pre-registered clients that were let in may ask, with their credentials.""")
async def test_only_those_who_were_let_in_may_ask(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    token = tokens["access_token"]
    other = await register(http, server.url, token_endpoint_auth_method="client_secret_post")
    public = {"client_id": tokens["client_id"]}
    confidential = {name: other[name] for name in ("client_id", "client_secret")}
    for client, status, error in (
        ({}, 401, "invalid_client"),
        ({**ASKING, "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": ASKING["client_id"]}, 401, "invalid_client"),
        (public, 400, "unauthorized_client"),
        (confidential, 400, "unauthorized_client"),
    ):
        refused = await http.post("/oauth/introspect", data={**client, "token": token})
        assert (refused.status_code, refused.json()["error"]) == (status, error)
    bearer = await http.post("/oauth/introspect", data={"token": token}, headers={"Authorization": f"Bearer {token}"})
    assert bearer.status_code == 401
    # A public client that was flagged by mistake has nothing to prove itself with.
    async with transaction(server.engine) as connection:
        flagged = update(clients).where(clients.c.id == tokens["client_id"]).values(may_introspect=True)
        await connection.execute(flagged)
    refused = await http.post("/oauth/introspect", data={**public, "token": token})
    assert refused.json()["error"] == "unauthorized_client"


async def test_a_question_without_token_or_by_get_is_refused(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    refused = await http.post("/oauth/introspect", data=ASKING)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    parameters = {**ASKING, "token": tokens["access_token"]}
    assert (await http.get("/oauth/introspect", params=parameters)).status_code == 405
    assert (await http.post("/oauth/introspect", json=parameters)).status_code == 400
    assert (await http.post("/oauth/introspect", params=parameters)).status_code == 400


@pytest.mark.proves("""in-advertised SHOULD RFC 8414 §2
    The introspection endpoint stands in the metadata only with its authentication methods.
    Here: The metadata names both.""")
async def test_the_metadata_names_it_with_the_ways_to_authenticate(
    http: httpx.AsyncClient, server: RunningServer
) -> None:
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["introspection_endpoint"] == f"{server.url}/oauth/introspect"
    methods = metadata["introspection_endpoint_auth_methods_supported"]
    assert methods == ["client_secret_basic", "client_secret_post", "private_key_jwt"]


@pytest.mark.proves("tk-brute-force")
async def test_questions_of_a_client_are_limited_and_strangers_use_none_of_them_up(
    settings: Settings, engine: Engine
) -> None:
    server = await start(settings, engine, rates={INTROSPECTIONS: 2, CLIENT_FAILURES: 3})
    await let_in(server)
    async with server.browser() as http:
        guesses = [await ask(http, "x", client_secret="guess") for _ in range(4)]
        assert [each.status_code for each in guesses] == [401, 401, 401, 429]
        assert [(await ask(http, "x")).status_code for _ in range(2)] == [200, 200]
        refused = await ask(http, "x")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
