"""Defence in depth: the code behind the bearer middleware checks again, and never sees the token."""

from typing import Any

import httpx
import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.mcp.catalogue import ENDPOINTS
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.resources import MAIN
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

METADATA = "https://lists.example.org/.well-known/oauth-protected-resource"


@pytest.fixture
async def reader(factory: Factory) -> Connected:
    person, household_id = await factory.person("Ada")
    return await factory.connect(person, household_id, scopes=("lists:read",))


def open_to(settings: Settings) -> AccessPolicy:
    def nothing_needed(method: str, tool: str | None) -> frozenset[str]:
        return frozenset()

    return AccessPolicy(
        METADATA,
        ("lists:read",),
        nothing_needed,
        resources=frozenset({MAIN}),
        origins=frozenset(),
        page=lambda language: Response(),
        url="https://x.example/mcp",
        hosts=frozenset({"x.example"}),
    )


@pytest.mark.proves("""scope-twice SHOULD own rule
    The dispatcher checks scopes again although the bearer middleware did.
    Here: The dispatcher checks the scope again and answers with a protocol error.""")
async def test_the_dispatcher_checks_the_scope_again(app: Starlette, reader: Connected, settings: Settings) -> None:
    endpoints: Any = app.state.endpoints
    middleware = BearerAuthMiddleware(
        endpoints._transports[ENDPOINTS[0]],
        open_to(settings),
        endpoints._authenticator,
        endpoints._audit,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(middleware), base_url=settings.public_url) as http:
        client = McpClient(http, reader.token)
        error = await client.error("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
        assert "add_items needs the scope lists:write" in error["message"]
        assert (await client.call("list_items"))["items"] == []


@pytest.mark.proves("""rs-no-passthrough MUST MCP security-considerations (Access Token Privilege Restriction);
    MCP security_best_practices (Token Passthrough)
    The token of a client is never passed on to another service.
    Here: The middleware removes the token and its header from the request, and no tool makes outbound requests.""")
async def test_the_token_itself_goes_no_further_than_the_gate(
    app: Starlette, reader: Connected, settings: Settings
) -> None:
    seen: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await Response("{}", media_type="application/json")(scope, receive, send)

    middleware = BearerAuthMiddleware(
        inner, open_to(settings), app.state.endpoints._authenticator, app.state.endpoints._audit
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(middleware), base_url=settings.public_url) as http:
        await McpClient(http, reader.token).send("tools/list")
    user = seen[0]["user"]
    assert isinstance(user, AuthenticatedUser)
    assert user.access_token.token == ""
    assert reader.token not in str(seen[0]["headers"])
    assert user.scopes == ["lists:read"]


@pytest.mark.proves("""header-mismatch MUST MCP streamable-http (Server Validation)
    In 2026-07-28 a routing header that contradicts the body is refused with 400 and the code -32020.
    Here: The SDK refuses it.""")
async def test_in_the_newest_era_a_header_that_contradicts_the_body_is_refused(
    http: httpx.AsyncClient, reader: Connected
) -> None:
    client = McpClient(http, reader.token)
    message = client.message("tools/call", {"name": "list_items", "arguments": {}})
    for lie in ({"Mcp-Name": "get_overview"}, {"Mcp-Method": "tools/list"}):
        headers = {**client.headers("tools/call", "list_items"), **lie}
        response = await http.post("/mcp", json=message, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


async def test_whitespace_around_the_value_of_a_header_is_no_part_of_it(
    http: httpx.AsyncClient, reader: Connected
) -> None:
    client = McpClient(http, reader.token)
    message = client.message("tools/call", {"name": "list_items", "arguments": {}})
    headers = {**client.headers("tools/call", "list_items"), "Mcp-Name": " list_items \t"}
    assert (await http.post("/mcp", json=message, headers=headers)).json()["result"]["isError"] is False


@pytest.mark.proves("as-proxy-sanitised")
async def test_what_a_sender_says_of_a_proxy_changes_no_address(http: httpx.AsyncClient, settings: Settings) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-Host": "evil.example",
        "Forwarded": "host=evil.example;proto=https",
    }
    challenge = (await http.post("/mcp", json={}, headers=forged)).headers["www-authenticate"]
    assert f'resource_metadata="{settings.public_url}/' in challenge
    for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server", "/connect"):
        text = (await http.get(path, headers=forged)).text
        assert "evil.example" not in text
        assert settings.public_url in text
