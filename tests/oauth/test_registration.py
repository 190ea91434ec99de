"""Dynamic client registration."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.db import Engine, transaction
from app.limits.defaults import REGISTRATIONS
from app.oauth.tables import clients
from app.settings import Settings
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import REDIRECT_URI, Attempt, register

pytestmark = pytest.mark.anyio


async def test_a_public_client_gets_an_id_and_no_secret(server: RunningServer, http: httpx.AsyncClient) -> None:
    answer = await register(http, server.url)
    assert answer["client_id"]
    assert "client_secret" not in answer
    assert answer["redirect_uris"] == [REDIRECT_URI]


@pytest.mark.proves("""rg-secret-expiry MUST RFC 7591 §3.2.1
    With a secret the answer says when it expires.
    Here: It says 0: never.""")
@pytest.mark.proves("cd-hashed")
async def test_a_secret_is_shown_once_and_stored_as_a_hash(server: RunningServer, http: httpx.AsyncClient) -> None:
    answer = await register(http, server.url, token_endpoint_auth_method="client_secret_post")
    assert answer["client_secret_expires_at"] == 0
    async with transaction(server.engine) as connection:
        row = (await connection.execute(select(clients).where(clients.c.id == answer["client_id"]))).one()
    assert answer["client_secret"] not in str(row)


@pytest.mark.proves("""rg-default-method MUST RFC 7591 §2
    Without a method, client_secret_basic holds.
    Here: It does.""")
@pytest.mark.proves("tk-no-store")
async def test_without_a_method_the_default_of_the_rfc_holds(http: httpx.AsyncClient) -> None:
    response = await http.post("/oauth/register", json={"redirect_uris": [REDIRECT_URI]})
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["token_endpoint_auth_method"] == "client_secret_basic"
    assert response.json()["client_secret"]


@pytest.mark.proves("""rg-answer MUST RFC 7591 §3.2.1
    The response is 201 and has everything as it was registered.
    Here: It has the id, the issue time and all metadata that was stored.""")
@pytest.mark.proves("""rg-unknown-ignored MUST RFC 7591 §2
    Unknown metadata is ignored.
    Here: It is dropped.""")
async def test_what_other_servers_offer_is_left_out_of_the_answer(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    answer = await register(
        http,
        server.url,
        grant_types=["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types=["code", "id_token"],
        scope="openid lists:read offline_access",
        logo_uri="",
        contacts=None,
        application_type="native",
        unknown_member={"a": 1},
    )
    assert answer["grant_types"] == ["authorization_code", "refresh_token"]
    assert answer["response_types"] == ["code"]
    assert answer["scope"] == "lists:read"
    assert not {"logo_uri", "contacts", "unknown_member"} & answer.keys()


async def test_a_client_chooses_neither_its_id_nor_its_secret_and_is_vouched_for_by_nobody(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    chosen = {"client_id": "https://claude.ai/oauth/client", "client_secret": "mine", "software_statement": "a.b.c"}
    answer = await register(http, server.url, token_endpoint_auth_method="client_secret_post", **chosen)
    assert answer["client_id"].startswith("app_")
    assert answer["client_secret"].startswith("sls_")
    assert "software_statement" not in answer


@pytest.mark.proves("""az-redirect-private SHOULD OAuth 2.1 §2.3.1, §8.4.3; RFC 8252 §7.1, §8.4
    Private-use schemes that are no reversed domain name are refused.
    Instead: Those of seven programs are accepted, cursor and vscode among them, because people use these;
    OAUTH_REDIRECT_SCHEMES changes that, and the page warns.""")
async def test_schemes_of_apps_are_a_setting(settings: Settings, engine: Engine) -> None:
    allowing = settings.model_copy(update={"oauth_redirect_schemes": ["com.example.app"]})
    server = await start(allowing, engine)
    async with server.browser() as http:
        await register(http, server.url, redirect_uris=["com.example.app://callback"])
        body = {"redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback"]}
        refused = await http.post("/oauth/register", json=body)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_redirect_uri")
        assert "The operator can accept cursor by OAUTH_REDIRECT_SCHEMES." in refused.json()["error_description"]


async def test_the_schemes_of_known_programs_are_accepted(server: RunningServer, http: httpx.AsyncClient) -> None:
    for scheme in ("cursor", "vscode", "vscode-insiders", "windsurf", "warp", "raycast", "zed"):
        await register(http, server.url, redirect_uris=[f"{scheme}://mcp/oauth/callback"])


async def test_a_scheme_that_is_accepted_no_longer_is_named_on_the_page(settings: Settings, engine: Engine) -> None:
    server = await start(settings, engine)
    async with server.browser() as http:
        client = await register(http, server.url, redirect_uris=["cursor://mcp/callback"])
    fewer = await start(settings.model_copy(update={"oauth_redirect_schemes": []}), engine)
    async with fewer.browser() as http:
        attempt = Attempt(client["client_id"], fewer.url, redirect_uri="cursor://mcp/callback")
        page = await Browser(http).open(attempt.url())
        assert (page.status, page.elsewhere) == (400, None)
        assert "OAUTH_REDIRECT_SCHEMES lacks cursor" in page.text


async def test_the_page_about_an_app_that_was_forgotten_says_what_helps(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    page = await Browser(http).open(Attempt("app_long_forgotten", server.url).url())
    assert page.status == 400
    assert "remove the connector and add it again" in page.text


BAD_METADATA: list[tuple[dict[str, Any], str]] = [
    ({"redirect_uris": []}, "invalid_redirect_uri"),
    ({"redirect_uris": None}, "invalid_redirect_uri"),
    ({"redirect_uris": REDIRECT_URI}, "invalid_redirect_uri"),
    ({"redirect_uris": [7]}, "invalid_redirect_uri"),
    ({"redirect_uris": [REDIRECT_URI] * 21}, "invalid_redirect_uri"),
    ({"redirect_uris": [REDIRECT_URI, "http://evil.example/cb"]}, "invalid_redirect_uri"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": ["none"]}, "invalid_client_metadata"),
    ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
    ({"response_types": ["token"]}, "invalid_client_metadata"),
    ({"client_name": "x" * 101}, "invalid_client_metadata"),
    ({"client_name": "a\0b"}, "invalid_client_metadata"),
    ({"client_name": 7}, "invalid_client_metadata"),
    ({"client_uri": "not a uri"}, "invalid_client_metadata"),
    ({"contacts": ["a\0b"]}, "invalid_client_metadata"),
    ({"contacts": "anna@example.org"}, "invalid_client_metadata"),
    ({"software_id": {"a": "b"}}, "invalid_client_metadata"),
]


@pytest.mark.proves("""rg-redirect-required MUST RFC 7591 §2, §5; OAuth 2.1 §2.3.1
    Clients register their complete redirect addresses.
    Here: Without one, or with a bad one, it is invalid_redirect_uri.""")
@pytest.mark.proves("""rg-consistent SHOULD RFC 7591 §2.1
    Grant and response types that don't fit are refused or corrected.
    Here: What we don't offer is left out; without the code flow it is refused.""")
@pytest.mark.proves("""rg-errors MUST RFC 7591 §3.2.2
    Refusals are 400 JSON with the registered codes.
    Here: They are.""")
@pytest.mark.parametrize(("metadata", "error"), BAD_METADATA, ids=lambda value: str(value)[:60])
async def test_bad_metadata_is_refused(http: httpx.AsyncClient, metadata: dict[str, Any], error: str) -> None:
    body = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none", **metadata}
    response = await http.post("/oauth/register", json=body)
    assert response.status_code == 400
    assert response.json()["error"] == error


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b'{"a":' * 9000, b'{"redirect_uris": ["\\ud800"]}', b"\xff\xfe", b"1e999"]
    + [b'{"redirect_uris": ["http://localhost/"], "client_name": "\\ud83d"}', b"[" * 60_000],
    ids=lambda body: repr(body[:20]),
)
async def test_a_body_that_is_no_json_object_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    response = await http.post("/oauth/register", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")


async def test_another_content_type_is_refused(http: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        body = b'{"redirect_uris": ["http://localhost/"]}'
        response = await http.post("/oauth/register", content=body, headers={"Content-Type": kind})
        assert response.status_code == 400


@pytest.mark.proves("""li-body SHOULD OAuth 2.1 §7.11; OWASP
    Bodies are bounded in size and time before anything is read from them.
    Here: 64 KiB for OAuth, 1 MiB for /mcp, 30 s.""")
@pytest.mark.proves("rg-dos")
@pytest.mark.parametrize("path", ["register", "token", "revoke", "sign-in", "sign-up", "sign-out", "consent"])
async def test_a_body_above_64_kibibytes_is_refused(http: httpx.AsyncClient, path: str) -> None:
    kind = "application/json" if path == "register" else "application/x-www-form-urlencoded"
    response = await http.post(f"/oauth/{path}", content=b"a" * 65537, headers={"Content-Type": kind})
    assert response.status_code == 413


async def test_redirect_uris_are_bounded_together(http: httpx.AsyncClient) -> None:
    uris = [f"https://client.example/{number}/{'x' * 1_000}" for number in range(9)]
    response = await http.post("/oauth/register", json={"redirect_uris": uris})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_redirect_uri")
    assert (await http.post("/oauth/register", json={"redirect_uris": uris[:7]})).status_code == 201


@pytest.mark.proves("""rg-dos SHOULD RFC 7591 §5
    Registration is protected against floods.
    Here: 60 a minute for an address, bodies up to 64 KiB.""")
@pytest.mark.proves("""li-429 SHOULD own rule; RFC 6585 §4
    Above a limit, the response is 429 with Retry-After.
    Here: It is, on pages and endpoints.""")
async def test_registrations_of_an_address_are_limited(settings: Settings, engine: Engine) -> None:
    server = await start(settings, engine, rates={REGISTRATIONS: 2})
    body = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
    async with server.browser() as http:
        for _ in range(2):
            assert (await http.post("/oauth/register", json=body)).status_code == 201
        refused = await http.post("/oauth/register", json=body)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
