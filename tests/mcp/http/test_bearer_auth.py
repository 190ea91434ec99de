"""The bearer middleware: who is let in, and how everyone else is answered."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.people.session_repository import open_session
from app.settings import Settings
from app.ui.cookies import BrowserCookie
from tests.factory import Connected, Factory
from tests.mcp.client import Era, McpClient

pytestmark = pytest.mark.anyio

READ, WRITE = ("lists:read",), ("lists:read", "lists:write")


@pytest.mark.proves("""prm-no-offline SHOULD MCP authorization (Refresh Tokens)
    Neither challenge nor resource metadata names offline_access.
    Here: The scope does not exist here.""")
@pytest.mark.proves("""challenge-on-401 MUST OAuth 2.1 §5.3.1; RFC 6750 §3; RFC 9728 §5.1
    A request without a good token is answered 401 with a WWW-Authenticate challenge of the scheme Bearer.
    Here: The middleware answers 401 with `Bearer resource_metadata, scope`.""")
@pytest.mark.proves("""challenge-scope SHOULD MCP authorization (Scope Selection Strategy)
    The 401 challenge names the scopes that the resource wants.
    Here: The challenge names the endpoint's scopes, lists:read lists:write for /mcp.""")
@pytest.mark.proves("""challenge-characters MUST RFC 6750 §3; OAuth 2.1 §5.3.1
    No attribute of the challenge appears twice or holds characters outside its grammar.
    Here: The attributes are fixed texts and URLs of this service, each written once; a PUBLIC_URL with a character
    outside the grammar is refused.""")
@pytest.mark.proves("prm-as-listed", "prm-scopes-minimal")
async def test_without_a_token_the_challenge_says_where_to_go_and_what_to_ask(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    response = await http.post("/mcp", json={})
    assert response.status_code == 401
    metadata = f"{settings.public_url}/.well-known/oauth-protected-resource/mcp"
    assert response.headers["www-authenticate"] == (
        f'Bearer resource_metadata="{metadata}", scope="lists:read lists:write"'
    )
    document = (await http.get(metadata)).json()
    assert document["resource"] == f"{settings.public_url}/mcp"
    assert document["authorization_servers"] == [settings.public_url]
    assert document["scopes_supported"] == ["lists:read", "lists:write"]


@pytest.mark.proves("""challenge-bare SHOULD RFC 6750 §3.1; OAuth 2.1 §5.3.2
    When no token came, the challenge carries no error code.
    Here: Without a token, or with another scheme, there is no `error`.""")
@pytest.mark.parametrize("scheme", ["Basic eDp5", "Bearer", "Bearer ", "bearer", "Token abc"])
async def test_another_scheme_counts_as_no_token(http: httpx.AsyncClient, scheme: str) -> None:
    response = await http.post("/mcp", json={}, headers={"Authorization": scheme})
    assert response.status_code == 401
    assert "error=" not in response.headers["www-authenticate"]


@pytest.mark.proves("""challenge-invalid-token MUST MCP authorization (Token Handling); OAuth 2.1 §5.3.2; RFC 6750 §3.1
    An invalid or expired token gets 401, with error invalid_token.
    Here: Every bad token gets the same 401 with `error="invalid_token"`.""")
@pytest.mark.proves("""rs-foreign-issuer MUST RFC 8725 §3.8; RFC 9068 §4
    A token that another issuer signed with its own key is refused.
    Here: Keys are looked up only of the issuer that the token names, and only if it is ours or in OIDC_ISSUERS; a token
    signed by any other key is 401.""")
async def test_a_forged_token_is_refused_without_saying_why(http: httpx.AsyncClient, ada: Connected) -> None:
    header, claims = jwt.get_unverified_header(ada.token), jwt.decode(ada.token, options={"verify_signature": False})
    forged = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers=header)
    response = await McpClient(http, forged).send("tools/list")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert response.json()["error_description"] == "The access token is not valid. Sign in again."


@pytest.mark.proves("""rs-typ MUST RFC 9068 §4; RFC 8725 §3.11
    Only tokens whose type says access token are accepted, so that no ID token passes.
    Here: `typ` must be at+jwt or application/at+jwt. Plain JWTs come in only from an issuer whose setting allows them,
    and only with what no ID token holds.""")
async def test_an_id_token_is_no_access_token(http: httpx.AsyncClient, factory: Factory, ada: Connected) -> None:
    header, claims = jwt.get_unverified_header(ada.token), jwt.decode(ada.token, options={"verify_signature": False})
    ours = factory.keys._signing[0].private_key  # pyright: ignore[reportPrivateUsage]
    for kind, status in {"at+jwt": 200, "application/at+jwt": 200, "JWT": 401, "id+jwt": 401}.items():
        token = jwt.encode(claims, ours, "ES256", headers={**header, "typ": kind})
        assert (await McpClient(http, token).send("tools/list")).status_code == status


@pytest.mark.proves("""rs-grant-checked MUST OAuth 2.1 §5.2; own rule
    A token of a revoked or expired grant is refused.
    Here: Every call looks at the grant, through a cache of two seconds that a revocation empties at once.""")
async def test_a_revoked_grant_ends_at_the_next_request(
    app: Starlette, engine: Engine, client: McpClient, ada: Connected
) -> None:
    assert (await client.send("tools/list")).status_code == 200
    async with transaction(engine) as connection:
        await connection.execute(
            text("UPDATE grants SET revoked_at = now(), revoked_because = 'test' WHERE id = :id"), {"id": ada.grant_id}
        )
    app.state.pubsub.grant_ended(ada.grant_id)
    assert (await client.send("tools/list")).status_code == 401


@pytest.mark.proves("""challenge-one-way MUST RFC 6750 §2, §3.1
    A request that carries its token in more than one way is malformed and gets 400.
    Here: Two Authorization headers get 400.""")
async def test_two_authorization_headers_are_refused(http: httpx.AsyncClient, ada: Connected) -> None:
    headers = [("Authorization", f"Bearer {ada.token}")] * 2
    assert (await http.post("/mcp", json={}, headers=headers)).status_code == 400


@pytest.mark.proves("""scope-403 SHOULD MCP authorization (Runtime Insufficient Scope Errors); RFC 6750 §3.1;
    OAuth 2.1 §5.3.2
    A token that lacks a scope gets 403 with insufficient_scope, the scopes and resource_metadata.
    Here: The middleware answers so, in both protocol eras.""")
@pytest.mark.proves("""scope-all-at-once SHOULD MCP authorization (Runtime Insufficient Scope Errors)
    All scopes that the request needs are named in one challenge.
    Here: The union over all calls of the body is named, with what the token has, so that nothing is lost by asking.""")
@pytest.mark.proves("""scope-precise SHOULD MCP security_best_practices (Scope Minimization)
    The challenge names what this operation needs, not the whole catalogue.
    Here: The tool's or method's scope is named beside those that the token has; nothing that neither has nor needs.""")
async def test_a_missing_scope_is_403_that_names_every_needed_one(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Any
) -> None:
    reader = await factory.connect(ada.person, ada.household_id, scopes=READ)
    client = McpClient(http, reader.token, era)
    await client.call("list_items")
    response = await client.send("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="lists:read lists:write"' in challenge
    assert "/access" in response.json()["error_description"]
    assert "resource_metadata=" in challenge
    assert (await client.call("list_items"))["items"] == []


@pytest.mark.proves("""scope-narrow-token SHOULD MCP security_best_practices (Scope Minimization); OAuth 2.1 §5.2
    A token narrower than its grant stays narrow.
    Here: Scopes of token and grant are intersected.""")
async def test_a_token_narrower_than_its_grant_stays_narrow(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    narrow = await factory.connect(ada.person, ada.household_id, scopes=WRITE, token_scopes=READ)
    response = await McpClient(http, narrow.token).send(
        "tools/call", {"name": "add_items", "arguments": {"items": ["x"]}}
    )
    assert response.status_code == 403


@pytest.mark.proves("""scope-first-connect SHOULD own rule
    A fresh token with the advertised scopes never meets a 403 on connecting and listing.
    Here: initialize, ping, discover and tools/list need no scope.""")
async def test_connecting_and_listing_never_meet_a_403(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    reader = await factory.connect(ada.person, ada.household_id, scopes=READ)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    sent: list[tuple[Era, str, dict[str, Any]]] = [
        ("2026-07-28", "server/discover", {}),
        ("2026-07-28", "tools/list", {}),
        ("2025-11-25", "initialize", hello),
        ("2025-11-25", "tools/list", {}),
        ("2025-11-25", "ping", {}),
    ]
    for era, method, params in sent:
        response = await McpClient(http, reader.token, era).send(method, params)
        assert response.status_code == 200, (era, method, response.text)
        assert "result" in response.json(), (era, method, response.text)


@pytest.mark.proves("""header-smuggling-old MUST own rule
    In older revisions a lying or repeated routing header does not change what is authorised.
    Here: Scope is decided from the body; repeated routing headers get 400.""")
async def test_a_lying_name_header_does_not_run_another_tool(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Any
) -> None:
    reader = McpClient(http, (await factory.connect(ada.person, ada.household_id, scopes=READ)).token, era)
    body = json.dumps(reader.message("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}}))
    headers = reader.headers("tools/call", "list_items")
    assert (await http.post("/mcp", content=body, headers=headers)).status_code == 403


@pytest.mark.proves("""body-duplicate-keys MUST own rule
    The middleware and the tool agree on the meaning of a body with duplicate keys.
    Here: The last one counts for both, whichever of two tools it names.""")
async def test_of_duplicate_keys_the_last_one_counts_for_gate_and_tool_alike(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Any
) -> None:
    reader = McpClient(http, (await factory.connect(ada.person, ada.household_id, scopes=READ)).token, era)
    message = reader.message("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    body = json.dumps(message).replace('"name": "add_items"', '"name": "list_items", "name": "add_items"')
    assert (await http.post("/mcp", content=body, headers=reader.headers("tools/call", "add_items"))).status_code == 403
    message = reader.message("tools/call", {"name": "list_items", "arguments": {}})
    body = json.dumps(message).replace(
        '"name": "list_items"', '"name": "add_items", "arguments": {"items": ["milk"]}, "name": "list_items"'
    )
    answer = await http.post("/mcp", content=body, headers=reader.headers("tools/call", "list_items"))
    assert answer.json()["result"]["structuredContent"]["items"] == []
    assert (await reader.call("list_items"))["items"] == []


@pytest.mark.proves("header-smuggling-old")
@pytest.mark.parametrize("header", ["MCP-Protocol-Version", "Mcp-Name", "Mcp-Method"])
async def test_duplicate_routing_headers_are_refused(each_era: McpClient, header: str) -> None:
    headers = list(each_era.headers("tools/list").items()) + [(header, "2025-11-25"), (header, "2026-07-28")]
    response = await each_era.http.post("/mcp", json=each_era.message("tools/list"), headers=headers)
    assert response.status_code == 400


@pytest.mark.proves("""post-only SHOULD MCP streamable-http (Earlier Streamable HTTP Revisions)
    GET and DELETE on the endpoint get 405.
    Here: Everything but POST (and preflight) gets 405 with Allow.""")
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "HEAD"])
async def test_only_post_is_served(client: McpClient, method: str) -> None:
    response = await client.http.request(method, "/mcp", headers=client.headers("x"))
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_a_trailing_slash_is_served_without_a_redirect(http: httpx.AsyncClient, ada: Connected) -> None:
    assert (await McpClient(http, ada.token, path="/mcp/").send("tools/list")).status_code == 200


@pytest.mark.proves("""host-checked MUST MCP streamable-http (Security & Endpoint); MCP security_best_practices
    A request under a foreign host name is refused, against DNS rebinding.
    Here: Host is compared with PUBLIC_URL; anything else gets 421.""")
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:evil.example", "localhost.evil.example:8000", "", "127.0.0.1.nip.io"]
)
async def test_a_foreign_host_is_421(http: httpx.AsyncClient, ada: Connected, host: str) -> None:
    headers = {**McpClient(http, ada.token).headers("tools/list"), "Host": host}
    assert (await http.post("/mcp", json={}, headers=headers)).status_code == 421


async def test_our_host_is_served_in_any_case_with_and_without_port(
    http: httpx.AsyncClient, ada: Connected, settings: Settings
) -> None:
    client = McpClient(http, ada.token)
    for host in ("LOCALHOST", f"localhost:{settings.port}", f"127.0.0.1:{settings.port}", f"[::1]:{settings.port}"):
        headers = {**client.headers("tools/list"), "Host": host}
        assert (await http.post("/mcp", json=client.message("tools/list"), headers=headers)).status_code == 200


@pytest.mark.proves("""origin-403 MUST MCP streamable-http (Security & Endpoint)
    A request with a foreign Origin is refused with 403.
    Here: Only PUBLIC_URL's origin and ALLOWED_ORIGINS may call; `null` may not.""")
@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://localhost:6274", 200)]
)
async def test_only_pages_of_listed_origins_may_call(client: McpClient, origin: str, status: int) -> None:
    headers = {**client.headers("tools/list"), "Origin": origin}
    response = await client.http.post("/mcp", json=client.message("tools/list"), headers=headers)
    assert response.status_code == status
    assert (response.headers.get("access-control-allow-origin") == origin) is (status == 200)


@pytest.mark.proves("""rs-preflight MUST Fetch standard; own rule
    A preflight is answered without a token, and a page of a listed origin can read the challenge.
    Here: The CORS middleware is outside the bearer middleware and exposes WWW-Authenticate.""")
async def test_a_preflight_needs_no_token(http: httpx.AsyncClient) -> None:
    headers = {
        "Origin": "http://localhost:6274",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version,mcp-param-list",
    }
    response = await http.options("/mcp", headers=headers)
    assert response.status_code == 200
    allowed = response.headers["access-control-allow-headers"]
    assert all(name in allowed for name in ("authorization", "mcp-protocol-version", "mcp-param-list"))


@pytest.mark.proves("rs-preflight")
async def test_a_page_can_read_the_challenge(http: httpx.AsyncClient) -> None:
    response = await http.post("/mcp", json={}, headers={"Origin": "http://localhost:6274"})
    assert response.status_code == 401
    assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]


@pytest.mark.proves("""token-not-in-cookie MUST RFC 6750 §5.3; OAuth 2.1 §7.1.3
    A token is not kept in a cookie that travels in the clear.
    Here: /mcp and the token endpoint ignore cookies; the only cookie is the browser's session.""")
@pytest.mark.proves("""auth-everywhere MUST MCP streamable-http (Security & Endpoint);
    MCP security_best_practices (State Handle Hijacking)
    Every inbound MCP request is authenticated.
    Here: The middleware comes before the transport of every endpoint.""")
@pytest.mark.proves("""local-http-token SHOULD MCP security_best_practices (Local MCP Server Compromise)
    A local server on HTTP demands a token.
    Here: Local and public services are the same; there is no mode without tokens.""")
async def test_cookies_open_nothing(
    http: httpx.AsyncClient, settings: Settings, engine: Engine, client: McpClient, ada: Connected
) -> None:
    async with transaction(engine) as connection:
        session = await open_session(connection, ada.person.id, datetime.now(UTC))
    http.cookies.set(BrowserCookie(settings.public_url).name, session)
    assert "Ada" in (await http.get("/account")).text
    message = client.message("tools/list")
    headers = {name: value for name, value in client.headers("tools/list").items() if name != "Authorization"}
    for path in ("/mcp", "/mcp/", "/mcp/readonly"):
        assert (await http.post(path, json=message, headers=headers)).status_code == 401, path
        assert (await http.post(path, json=message, headers=client.headers("tools/list"))).status_code == 200, path


def batch_headers(client: McpClient, revision: str | None) -> dict[str, str]:
    headers = {name: value for name, value in client.headers("x").items() if not name.lower().startswith("mcp-")}
    return headers if revision is None else {**headers, "MCP-Protocol-Version": revision}


@pytest.mark.parametrize("revision", ["2025-03-26", None])
async def test_a_batch_is_split_and_its_answers_joined(
    http: httpx.AsyncClient, ada: Connected, revision: str | None
) -> None:
    client = McpClient(http, ada.token, "2025-11-25")
    first = client.message("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    second = client.message("tools/call", {"name": "list_items", "arguments": {}})
    third = client.message("initialize", {})
    batch: list[Any] = [first, {"jsonrpc": "2.0", "method": "notifications/initialized"}, second, 5, third]
    response = await http.post("/mcp", json=batch, headers=batch_headers(client, revision))
    assert response.status_code == 200
    answers = response.json()
    assert [answer.get("id") for answer in answers] == [first["id"], second["id"], None, third["id"]]
    assert answers[1]["result"]["structuredContent"]["counts"]["open"] == 1
    assert [answer["error"]["code"] for answer in answers[2:]] == [-32600, -32600]


@pytest.mark.proves("""batch-authorised MUST MCP 2025-03-26 transports; own rule
    Each call of a batch is authorised.
    Here: The needed scopes of all entries are joined before anything runs, and each entry counts as a call.""")
async def test_a_batch_can_not_hide_a_call(http: httpx.AsyncClient, factory: Factory, ada: Connected) -> None:
    reader = McpClient(http, (await factory.connect(ada.person, ada.household_id, scopes=READ)).token, "2025-11-25")
    batch = [
        reader.message("tools/list"),
        reader.message("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}}),
    ]
    response = await http.post("/mcp", json=batch, headers=batch_headers(reader, "2025-03-26"))
    assert response.status_code == 403
    # One that is too large is refused before anybody looks at what is in it.
    response = await http.post("/mcp", json=batch * 26, headers=batch_headers(reader, "2025-03-26"))
    assert response.status_code == 400
    assert (await reader.call("list_items"))["items"] == []


REFUSED_BATCHES: list[tuple[list[Any], str | None]] = [
    ([], None),
    ([{}] * 51, None),
    ([{}], "2025-11-25"),
    ([{}], "2026-07-28"),
]


@pytest.mark.parametrize(("batch", "revision"), REFUSED_BATCHES)
async def test_a_batch_is_refused_where_it_has_no_place(
    client: McpClient, batch: list[Any], revision: str | None
) -> None:
    response = await client.http.post("/mcp", json=batch, headers=batch_headers(client, revision))
    assert response.status_code == 400


async def test_a_batch_of_notifications_is_acknowledged(client: McpClient) -> None:
    batch = [{"jsonrpc": "2.0", "method": "notifications/initialized"}]
    assert (await client.http.post("/mcp", json=batch, headers=batch_headers(client, None))).status_code == 202
