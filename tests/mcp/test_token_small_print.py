"""Access tokens in places and shapes that standards rule out, each tried at the endpoint."""

from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from app.access.caller import Caller
from app.access.gate import CALLER
from app.db import new_id, transaction
from app.households.tables import memberships
from app.households.tenant import Actor
from app.mcp.door import DOORS
from tests.factory import Connected, Factory
from tests.mcp.client import ERAS, Era, McpClient

pytestmark = pytest.mark.anyio


def claims_of(person: Connected) -> dict[str, Any]:
    return jwt.decode(person.token, options={"verify_signature": False})


async def test_a_token_in_the_query_or_in_a_form_counts_as_none(http: httpx.AsyncClient, ada: Connected) -> None:
    message = McpClient(http, ada.token).message("tools/list")
    in_query = await http.post("/mcp", params={"access_token": ada.token}, json=message)
    in_form = await http.post("/mcp", data={"access_token": ada.token})
    in_cookie = await http.post("/mcp", json=message, headers={"Cookie": f"access_token={ada.token}"})
    for response in (in_query, in_form, in_cookie):
        assert response.status_code == 401
        assert "error=" not in response.headers["www-authenticate"]


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"])
async def test_a_token_without_a_claim_is_refused(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, claim: str
) -> None:
    claims = claims_of(ada)
    assert (await McpClient(http, factory.keys.sign(claims)).send("tools/list")).status_code == 200
    del claims[claim]
    assert (await McpClient(http, factory.keys.sign(claims)).send("tools/list")).status_code == 401


async def test_a_token_for_another_person_or_client_than_its_grant_is_refused(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    eve = await factory.connected("Eve")
    for change in (
        {"sub": str(eve.person.id)},
        {"client_id": "another"},
        {"gid": str(eve.grant_id)},
        {"gid": str(new_id())},
    ):
        token = factory.keys.sign({**claims_of(ada), **change})
        assert (await McpClient(http, token).send("tools/list")).status_code == 401


async def test_a_token_with_an_extension_that_must_be_understood_is_refused(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    key = factory.keys._signing[0]  # pyright: ignore[reportPrivateUsage]
    header = {"typ": "at+jwt", "kid": key.kid}
    plain = jwt.encode(claims_of(ada), key.private_key, "ES256", headers=header)
    assert (await McpClient(http, plain).send("tools/list")).status_code == 200
    for critical in (["exp"], ["b64"], [], "b64", ["x-unknown"]):
        token = jwt.encode(claims_of(ada), key.private_key, "ES256", headers={**header, "crit": critical, "b64": True})
        assert (await McpClient(http, token).send("tools/list")).status_code == 401


async def test_a_stronger_scope_contains_the_weaker_ones(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Era
) -> None:
    manager = await factory.connect(ada.person, ada.household_id, token_scopes=("household:manage",))
    client = McpClient(http, manager.token, era)
    await client.call("add_items", items=["milk"])
    assert len((await client.call("list_items"))["items"]) == 1


class WithoutGate:
    """The transport of `/mcp` as if the gate in front of it had let this caller through; sees what it hands on."""

    def __init__(self, app: Starlette, caller: Caller) -> None:
        self._transport = app.state.endpoints._transports[DOORS[0]]
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._transport.handle_request({**scope, CALLER: self._caller}, receive, send)


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_checks_its_scope_again_behind_the_gate(
    app: Starlette, http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Era
) -> None:
    identified = await app.state.endpoints._identify(ada.token)
    actor: Actor = identified.actor
    weak = Caller(actor, identified.issuer, frozenset({"lists:read"}), identified.resource, identified.expires_at)
    transport = httpx.ASGITransport(app=WithoutGate(app, weak))
    async with httpx.AsyncClient(transport=transport, base_url=str(http.base_url)) as behind:
        client = McpClient(behind, "not looked at here", era)
        refused = await client.error("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
        assert refused["code"] == -32600
        assert "needs a scope" in refused["message"]
        assert (await client.call("list_items"))["items"] == []


async def test_a_routing_header_that_contradicts_the_body_is_a_header_mismatch(
    http: httpx.AsyncClient, ada: Connected
) -> None:
    """Both tools are within the scopes, so that only the contradiction is wrong."""
    client = McpClient(http, ada.token)
    message = client.message("tools/call", {"name": "list_items", "arguments": {}})
    for headers in (client.headers("tools/call", "get_overview"), client.headers("tools/list")):
        response = await http.post("/mcp", json=message, headers=headers)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == -32020


async def test_an_answer_kept_for_a_repeated_call_is_lost_with_the_household(
    app: Starlette, http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    eve, own = await factory.person("Eve")
    await factory.join(eve, ada.household_id, "editor")
    both = await factory.connect(eve, own, ada.household_id)
    client = McpClient(http, both.token)
    (other,) = (await client.call("get_overview"))["other_households"]
    call: dict[str, Any] = {"items": ["secret gift"], "household": other["ref"], "idempotency_key": "once"}
    await client.call("add_items", **call)
    left = delete(memberships).where(memberships.c.person_id == eve.id, memberships.c.household_id == ada.household_id)
    async with transaction(factory.engine) as connection:
        await connection.execute(left)
    app.state.cues.members_changed(ada.household_id)
    refused = await client.refusal("add_items", **call)
    assert refused["code"] == "not_found"
    assert "secret gift" not in str(refused)
