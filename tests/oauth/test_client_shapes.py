"""Every host that we know of connects with the redirect addresses that it really uses, and calls a tool: registered by
itself, described by a document on a real TLS server, or added by command."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.db import Engine, transaction
from app.main import create_app
from app.oauth.clients.preregistered import NewClient, add_client
from app.settings import Settings
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser
from tests.oauth.described import publish
from tests.oauth.tokens import Attempt, code_of, register
from tests.site import Authority, Site

pytestmark = pytest.mark.anyio

SHAPES: list[tuple[str, list[str], str, dict[str, Any]]] = [
    ("Claude", ["https://claude.ai/api/mcp/auth_callback"], "https://claude.ai/api/mcp/auth_callback", {}),
    (
        "Claude, both hosts",
        ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
        "https://claude.com/api/mcp/auth_callback",
        {},
    ),
    ("Claude Code", ["http://localhost:54545/callback"], "http://localhost:54545/callback", {}),
    ("Claude Code, another port", ["http://localhost:54545/callback"], "http://localhost:61234/callback", {}),
    ("Claude Code, port-less", ["http://localhost/callback"], "http://localhost:61234/callback", {}),
    ("ChatGPT", ["https://chatgpt.com/connector/oauth/abc123"], "https://chatgpt.com/connector/oauth/abc123", {}),
    (
        "ChatGPT, older",
        ["https://chatgpt.com/connector_platform_oauth_redirect"],
        "https://chatgpt.com/connector_platform_oauth_redirect",
        {"token_endpoint_auth_method": "client_secret_post"},
    ),
    ("Codex", ["http://127.0.0.1:1455/callback/xyz"], "http://127.0.0.1:1466/callback/xyz", {}),
    ("Cursor, loopback", ["http://localhost:8787/callback"], "http://localhost:8787/callback", {}),
    (
        "Cursor, private scheme",
        ["cursor://anysphere.cursor-mcp/oauth/callback"],
        "cursor://anysphere.cursor-mcp/oauth/callback",
        {},
    ),
    (
        "Cursor, agents",
        ["https://www.cursor.com/agents/mcp/oauth/callback"],
        "https://www.cursor.com/agents/mcp/oauth/callback",
        {},
    ),
    (
        "VS Code",
        ["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect", "http://127.0.0.1:33418/"],
        "http://127.0.0.1:50713/",
        {"grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]},
    ),
    ("VS Code, web", ["https://vscode.dev/redirect"], "https://vscode.dev/redirect", {}),
    ("Inspector", ["http://localhost:6274/oauth/callback"], "http://localhost:6274/oauth/callback", {}),
    (
        "Inspector, debug",
        ["http://localhost:6274/oauth/callback/debug"],
        "http://localhost:6274/oauth/callback/debug",
        {},
    ),
    ("Inspector, by address", ["http://127.0.0.1:6274/oauth/callback"], "http://127.0.0.1:6274/oauth/callback", {}),
    ("IPv6 loopback", ["http://[::1]/callback"], "http://[::1]:4000/callback", {}),
    (
        "Python SDK",
        ["http://localhost:3000/callback"],
        "http://localhost:3000/callback",
        {"token_endpoint_auth_method": None},
    ),
]


DOCUMENTS: list[tuple[str, str, list[str], str]] = [
    (
        "Claude",
        "/oauth/mcp-oauth-client-metadata",
        ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
        "https://claude.ai/api/mcp/auth_callback",
    ),
    (
        "Claude Code",
        "/oauth/claude-code-client-metadata",
        ["http://localhost/callback", "http://127.0.0.1/callback"],
        "http://localhost:54545/callback",
    ),
    (
        "ChatGPT",
        "/oauth/abc123/client.json",
        ["https://chatgpt.com/connector/oauth/abc123"],
        "https://chatgpt.com/connector/oauth/abc123",
    ),
    ("Codex", "/oauth/codex.json", ["http://127.0.0.1/callback/xyz"], "http://127.0.0.1:1455/callback/xyz"),
    (
        "VS Code",
        "/oauth/client-metadata.json",
        [
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
            "http://127.0.0.1/",
            "vscode://redirect",
        ],
        "http://127.0.0.1:50713/",
    ),
    (
        "Inspector",
        "/client-metadata.json",
        ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"],
        "http://localhost:6274/oauth/callback/debug",
    ),
]


@pytest.fixture
def settings(settings: Settings, authority: Authority) -> Settings:
    """A service that fetches from this machine."""
    return settings.model_copy(update={"fetch_allow_loopback": True, "fetch_ca_file": authority.ca_file})


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A person's browser and a client in one, at the whole service."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http,
    ):
        yield http


async def connect(http: httpx.AsyncClient, settings: Settings, client: dict[str, Any], used: str, email: str) -> None:
    """Sign up, approve, redeem, refresh and call a tool as that client."""
    base = settings.public_url
    attempt = Attempt(client["client_id"], base, redirect_uri=used)
    browser = Browser(http)
    location = await browser.approve(await browser.sign_up(attempt.url(), email))
    assert location.startswith(f"{used}?")
    http.cookies.clear()
    tokens = await _ask(http, client, attempt.redemption(code_of(location), client_id=None))
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "resource": f"{base}/mcp"}
    renewed = await _ask(http, client, again)
    overview = await McpClient(http, renewed["access_token"]).call("get_overview")
    assert [each["name"] for each in overview["lists"]] == ["Groceries"]


async def _ask(http: httpx.AsyncClient, client: dict[str, Any], data: dict[str, str]) -> dict[str, Any]:
    """The token endpoint's answer, asked in the client's own way."""
    match client["token_endpoint_auth_method"]:
        case "client_secret_basic":
            auth = httpx.BasicAuth(client["client_id"], client["client_secret"])
            response = await http.post("/oauth/token", data=data, auth=auth)
        case "client_secret_post":
            shown = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
            response = await http.post("/oauth/token", data=data | shown)
        case _:
            response = await http.post("/oauth/token", data=data | {"client_id": client["client_id"]})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.proves("""tk-native-no-secret MUST OAuth 2.1 §8.1; RFC 8252 §8.5
    Native clients are not forced to have a secret.
    Here: `none` is offered.""")
@pytest.mark.proves("""cl-shapes MUST own rule
    Every known host registers and logs in with its real redirect addresses.
    Here: Every known client shape registers or is described, logs in and calls a tool.""")
@pytest.mark.parametrize(("name", "registered", "used", "metadata"), SHAPES, ids=[shape[0] for shape in SHAPES])
async def test_a_known_host_registers_and_logs_in(
    settings: Settings,
    http: httpx.AsyncClient,
    email: str,
    name: str,
    registered: list[str],
    used: str,
    metadata: dict[str, Any],
) -> None:
    client = await register(http, settings.public_url, client_name=name, redirect_uris=registered, **metadata)
    await connect(http, settings, client, used, email)


@pytest.mark.proves("cl-shapes")
@pytest.mark.parametrize(("name", "path", "described", "used"), DOCUMENTS, ids=[each[0] for each in DOCUMENTS])
async def test_a_known_host_with_a_document_logs_in(
    settings: Settings,
    http: httpx.AsyncClient,
    site: Site,
    email: str,
    name: str,
    path: str,
    described: list[str],
    used: str,
) -> None:
    client_id = publish(site, path, client_name=name, redirect_uris=described)
    await connect(http, settings, {"client_id": client_id, "token_endpoint_auth_method": "none"}, used, email)
    assert site.asked(path) == 1


@pytest.mark.proves("cl-shapes")
async def test_a_host_that_was_added_by_command_logs_in(
    settings: Settings, http: httpx.AsyncClient, engine: Engine, email: str
) -> None:
    used = "http://localhost:6274/oauth/callback"
    new_client = NewClient("Inspector", [used], "client_secret_basic")
    async with transaction(engine) as connection:
        client = (await add_client(connection, settings.oauth_redirect_schemes, new_client, datetime.now(UTC))).response
    await connect(http, settings, client, used, email)
