"""Every host that we know of registers and logs in with the redirect addresses that it really uses."""

from typing import Any

import httpx
import pytest

from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, code_of, redeem, register

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


@pytest.mark.parametrize(("name", "registered", "used", "metadata"), SHAPES, ids=[shape[0] for shape in SHAPES])
async def test_a_known_host_registers_and_logs_in(
    server: RunningServer,
    http: httpx.AsyncClient,
    email: str,
    name: str,
    registered: list[str],
    used: str,
    metadata: dict[str, Any],
) -> None:
    client = await register(http, server.url, client_name=name, redirect_uris=registered, **metadata)
    attempt = Attempt(client["client_id"], server.url, redirect_uri=used)
    browser = Browser(http)
    location = await browser.approve(await browser.sign_up(attempt.url(), email))
    assert location.startswith(f"{used}?")
    code = code_of(location)
    match client["token_endpoint_auth_method"]:
        case "client_secret_basic":
            auth = httpx.BasicAuth(client["client_id"], client["client_secret"])
            response = await http.post("/oauth/token", data=attempt.redemption(code, client_id=None), auth=auth)
        case "client_secret_post":
            response = await redeem(http, attempt, code, client_secret=client["client_secret"])
        case _:
            response = await redeem(http, attempt, code)
    assert response.status_code == 200
    assert response.json()["refresh_token"]
