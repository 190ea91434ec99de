"""A whole journey, and not one secret, address or thing on a list in the record of it."""

import json
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine
from app.settings import Settings
from tests.audit.conftest import Record
from tests.audit.looking import log_of, recorded
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser
from tests.oauth.tokens import code_of, consent_page, redeem, refresh

pytestmark = pytest.mark.anyio

EMAIL = "grace.hopper.secretive@example.org"
PASSWORD = "correct horse battery"
WORDS = ["Chartreuse", "Quince jam", "Not for uncle Bob", "Market of Babylon", "Hidden list", "Grace.hopper.secretive"]


@pytest.mark.proves("au-events")
async def test_nothing_sensitive_is_in_any_row(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, settings: Settings, record: Record
) -> None:
    attempt, page = await consent_page(http, settings.public_url, EMAIL)
    cookies = list(http.cookies.values())
    code = code_of(await Browser(http).approve(page))
    tokens = (await redeem(http, attempt, code)).json()
    fresh = (await refresh(http, settings.public_url, attempt.client_id, tokens["refresh_token"])).json()
    client = McpClient(http, fresh["access_token"])
    item = {"name": WORDS[0], "note": WORDS[2], "store": WORDS[3]}
    await client.call("save_list", name=WORDS[4])
    await client.call("add_items", items=[item, WORDS[1]], list=WORDS[4], idempotency_key="my own key")
    await client.call("list_items", list=WORDS[4], query=WORDS[0])
    await client.refusal("list_items", list="An unknown list")
    await client.refusal("add_items", items=["x"], household="An unknown household")
    await client.error("tools/call", {"name": "an_unknown_tool", "arguments": {}})
    await McpClient(http, fresh["access_token"][:-5] + "AAAAA").send("tools/list")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as other:
        browser = Browser(other)
        page = await browser.open(attempt.url())
        await browser.submit(page, "/oauth/sign-in", email=EMAIL, password="a wrong password")
        await browser.submit(page, "/oauth/sign-in", email="no address", password=PASSWORD)
    await redeem(http, attempt, code)
    await http.post("/oauth/token", data={"client_id": "a secret as id", "grant_type": "a secret as type"})
    await http.post("/oauth/revoke", data={"client_id": attempt.client_id, "token": fresh["refresh_token"]})
    rows = await recorded(engine, log_of(app))
    assert len(rows) > 15
    assert {"sign_up", "consent", "code_redeemed", "token_refreshed", "tool_called", "access_refused"} <= {
        row["action"] for row in rows
    }
    secrets = [EMAIL, EMAIL.split("@")[0], PASSWORD, "a wrong password", "no address", *cookies, *WORDS]
    secrets += [code, attempt.verifier, attempt.state, attempt.challenge]
    secrets += [each[key] for each in (tokens, fresh) for key in ("access_token", "refresh_token")]
    secrets += ["my own key", "An unknown", "an_unknown_tool", "a secret as", "A test client", "localhost:49152"]
    everything = json.dumps(rows, default=str).lower()
    for secret in secrets:
        assert secret, "nothing would be found"
        assert secret.lower() not in everything, secret
        assert quote(secret).lower() not in everything
    for part in [part for each in (tokens, fresh) for part in each["access_token"].split(".")]:
        assert part.lower() not in everything
