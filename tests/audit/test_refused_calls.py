"""Refused calls are recorded, and a flood of them is counted."""

import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine
from app.limits.defaults import CALLS, RECORDED_REFUSALS_OF_NETWORK
from app.limits.rate_limit import RateLimiter
from app.scopes import LISTS_READ
from tests.audit.looking import log_of, only, recorded
from tests.factory import CLIENT_ID, Factory
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.usefixtures("by_hand")]


@pytest.mark.proves("""scope-log-elevation SHOULD MCP security_best_practices (Scope Minimization)
    Refusals for scope and later elevations are recorded.
    Here: Refusals for a missing scope are recorded, and each consent with its scopes.""")
async def test_a_refused_request_leaves_one_row_that_says_why(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, factory: Factory
) -> None:
    reader = await factory.connect(*await factory.person(), scopes=(LISTS_READ,))
    assert (await http.post("/mcp", json={})).status_code == 401
    assert (await McpClient(http, "not.a.token").send("tools/list")).status_code == 401
    call = {"name": "add_items", "arguments": {"items": ["milk"]}}
    assert (await McpClient(http, reader.token).send("tools/call", call)).status_code == 403
    assert (await http.post("/mcp", headers={"Origin": "https://evil.example"})).status_code == 403
    rows = await recorded(engine, log_of(app), "access_refused")
    assert [only(row, "outcome", "detail", "person_id", "client_id", "grant_id") for row in rows] == [
        ("token_missing", None, None, None, None),
        ("invalid_token", None, None, None, None),
        ("insufficient_scope", "lists:write", reader.person.id, CLIENT_ID, reader.grant_id),
        ("foreign_origin", None, None, None, None),
    ]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    assert await recorded(engine, log_of(app), "tool_called") == []


async def test_the_row_of_a_limit_says_whose_limit_it_was(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, factory: Factory
) -> None:
    ada = await factory.connected("Ada")
    app.state.endpoints._authenticator._limiter = RateLimiter(rates={CALLS: 1})
    assert (await McpClient(http, ada.token).send("tools/list")).status_code == 200
    assert (await McpClient(http, ada.token).send("tools/list")).status_code == 429
    (row,) = await recorded(engine, log_of(app), "access_refused")
    assert only(row, "outcome", "grant_id") == ("limit", ada.grant_id)


async def test_a_flood_of_bad_tokens_leaves_a_few_rows_and_its_size(
    app: Starlette, http: httpx.AsyncClient, engine: Engine
) -> None:
    client = McpClient(http, "not.a.token")
    for _ in range(RECORDED_REFUSALS_OF_NETWORK.per.amount + 30):
        await client.send("tools/list")
    log = log_of(app)
    assert len(await recorded(engine, log, "access_refused")) == RECORDED_REFUSALS_OF_NETWORK.per.amount
    log._note_counted_refusals()  # pyright: ignore[reportPrivateUsage]
    *_, last = await recorded(engine, log, "access_refused")
    assert only(last, "times", "outcome", "detail", "address") == (30, "invalid_token", "counted", "127.0.0.1")
