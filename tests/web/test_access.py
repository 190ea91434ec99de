"""The page of access in the whole service."""

import httpx
import pytest

from app.settings import Settings
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser
from tests.oauth.tokens import tokens_for

pytestmark = pytest.mark.anyio


@pytest.mark.proves("as-revoke-by-person")
async def test_a_disconnected_app_is_refused_at_its_next_call(http: httpx.AsyncClient, settings: Settings) -> None:
    tokens = await tokens_for(http, settings.public_url, "anna@example.org")
    client = McpClient(http, tokens["access_token"])
    assert (await client.send("tools/list", {})).status_code == 200
    page = await Browser(http).open("/")
    page = await Browser(http).open(page.link("/account"))
    page = await Browser(http).open(page.link("/access"))
    assert "A test client" in page.text
    await Browser(http).submit(page, "/access/end")
    refused = await client.send("tools/list", {})
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["www-authenticate"]
