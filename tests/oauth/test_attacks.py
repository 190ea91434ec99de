"""Attacks on the authorization server that are nobody else's test, as requests over HTTP."""

import base64
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import anyio
import httpx
import pytest
from sqlalchemy import select

from app.crypto.tokens import hash_of
from app.db import transaction
from app.oauth.clients.models import Client, ClientKind
from app.oauth.clients.repository import insert_client
from app.oauth.tables import clients, grants
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import REDIRECT_URI, Attempt, approved_code, consent_page, redeem, register

pytestmark = pytest.mark.anyio

CONSENT = "/oauth/consent"


@pytest.mark.proves("""az-consent-race MUST own rule
    Of two posts of one consent at the same time one counts.
    Here: The row lock sees to it.""")
async def test_of_one_consent_posted_many_times_at_once_one_counts(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    _, page = await consent_page(http, server.url, email)
    answers: list[Page] = []

    async def approve() -> None:
        answers.append(await Browser(http).submit(page, CONSENT, decision="approve"))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(approve)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 7
    async with transaction(server.engine) as connection:
        assert len((await connection.execute(select(grants.c.id))).all()) == 1


@pytest.mark.proves("""token-endpoint-no-cookie MUST RFC 9700 §4.7; own rule
    A browser's session can't be used to get tokens at the token endpoint.
    Here: The token endpoint never reads a cookie.""")
async def test_a_browsers_session_gets_no_token(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    attempt, _ = await approved_code(http, server.url, email)
    assert http.cookies
    bare: dict[str, str | None] = {"code_verifier": None}
    for changes in (bare, {**bare, "client_id": None}, {**bare, "grant_type": "password"}):
        refused = await http.post("/oauth/token", data=attempt.redemption(None, **changes))
        assert refused.status_code in (400, 401)
        assert "access_token" not in refused.json()
        assert "set-cookie" not in refused.headers


@pytest.mark.proves("""az-no-next MUST RFC 9700 §2.1, §4.11
    No endpoint redirects to a URL named in its query.
    Here: A client's request is continued by its stored id, which works in one browser only, so no URL is passed along.
    The account's sign-in alone has a `next`, and accepts nothing but paths of this service.""")
async def test_no_address_in_a_request_decides_where_a_page_leads(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    evil = "https://evil.example/"
    names = ("next", "return_to", "redirect", "url", "continue", "goto")
    more = "".join(f"&{name}={evil}" for name in names)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    page = await browser.open(attempt.url() + more)
    sign_up = await browser.open(page.link("/oauth/sign-up") + more)
    fields: dict[str, Any] = {**sign_up.fields("/oauth/sign-up"), "email": email, "password": PASSWORD}
    response = await http.post(f"/oauth/sign-up?{more}", data={**fields, **dict.fromkeys(names, evil)})
    # 303: the browser comes by GET, so the password is not sent on (RFC 9700 section 4.12).
    assert response.status_code == 303
    assert response.headers["location"].startswith("/oauth/consent?request=")
    consent = await browser.open(response.headers["location"] + more)
    answer = await browser.submit(consent, CONSENT, decision="approve", **dict.fromkeys(names, evil))
    for shown in (page, sign_up, consent, answer):
        assert shown.elsewhere is None
        assert "evil.example" not in shown.response.text


@pytest.mark.proves("""rv-unsigned MUST RFC 7009 §2
    Revocation is offered over https only and by POST.
    Here: The address is made of PUBLIC_URL, which is https unless it is this machine; only POST is routed.""")
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/register"])
async def test_what_changes_something_is_not_done_by_get(http: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (await http.request(method, path, params={"token": "x", "client_id": "y"})).status_code == 405


@pytest.mark.proves("""tk-basic-encoding MUST OAuth 2.1 §2.4.1; RFC 6749 §2.3.1
    Id and secret are form-decoded from the Basic header.
    Here: They are form-decoded, strictly.""")
async def test_id_and_secret_are_decoded_before_they_are_compared(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    client_id, secret = "app one+two%2F:é", "s:e+c r%25ét&="
    client = Client(
        client_id, ClientKind.PREREGISTERED, "An app", (REDIRECT_URI,), "client_secret_basic", hash_of(secret)
    )
    async with transaction(server.engine) as connection:
        await insert_client(connection, client, {}, datetime.now(UTC))

    async def ask(pair: str) -> str:
        header = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        data = {"grant_type": "refresh_token", "refresh_token": "slr_x"}
        return (await http.post("/oauth/token", data=data, headers=header)).json()["error"]

    assert await ask(f"{quote_plus(client_id)}:{quote_plus(secret)}") == "invalid_grant"
    assert await ask(f"{client_id}:{secret}") == "invalid_client"
    assert await ask(f"{quote_plus(client_id)}:{quote_plus(quote_plus(secret))}") == "invalid_client"


@pytest.mark.proves("""rg-id-unique SHOULD RFC 7591 §3.2.1; OAuth 2.1 §7.4; RFC 9700 §4.15.1; CIMD §6.9
    Clients can't choose their id, and no id that the service issues looks like a URL or a person.
    Here: Ids are `app_` and 128 random bits, and never the client's choice; people are UUIDs.""")
@pytest.mark.proves("""rg-application-type MUST MCP client-registration (Application Type); RFC 8252 §8.4;
    OAuth 2.1 §8.1.1
    The kind of a client is recorded.
    Here: Public or confidential is recorded by its method, `application_type` in its metadata.""")
@pytest.mark.proves("""rg-software-statement MUST RFC 7591 §2.3
    A software statement that is not trusted is not believed.
    Here: It is ignored as an unknown member, and nothing in it counts.""")
async def test_a_client_chooses_neither_its_id_nor_whom_the_service_trusts(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    first = await register(http, server.url)
    metadata: dict[str, Any] = {
        "client_id": first["client_id"],
        "client_secret": "chosen",
        "kind": ClientKind.PREREGISTERED,
        "may_introspect": True,
        "software_statement": "eyJhbGciOiJub25lIn0.eyJjbGllbnRfbmFtZSI6IkNsYXVkZSJ9.",
        "application_type": "native",
    }
    second = await register(http, server.url, **metadata)
    assert second["client_id"] != first["client_id"]
    assert re.fullmatch(r"app_[\w-]{22}", second["client_id"])
    assert "client_secret" not in second
    assert "software_statement" not in second
    async with transaction(server.engine) as connection:
        row = (await connection.execute(select(clients).where(clients.c.id == second["client_id"]))).one()
    assert (row.kind, row.name, row.may_introspect) == ("dynamic", "A test client", False)
    assert row.metadata["application_type"] == "native"


@pytest.mark.proves("""cd-challenge-hidden MUST RFC 7636 §4.4; OAuth 2.1 §4.1.2
    The challenge can't be read from the code.
    Here: The code is random; the challenge stays in the database.""")
@pytest.mark.proves("""cd-unguessable MUST OAuth 2.1 §7.7; RFC 6749 §10.10
    Codes, tokens and secrets can't be guessed.
    Here: Each holds 256 random bits.""")
@pytest.mark.proves("tk-brute-force")
async def test_no_secret_can_be_guessed(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    """256 bits each, and never the same twice (RFC 6749 section 10.10)."""
    secrets: list[str] = []
    for number in range(3):
        async with server.browser() as browser:
            attempt, code = await approved_code(browser, server.url, f"{number}.{email}")
            assert attempt.challenge not in code
            tokens = (await redeem(browser, attempt, code)).json()
            secrets += [code.removeprefix("slc_"), tokens["refresh_token"].split("_", 2)[2]]
            secrets.append(browser.cookies["shopping_session"])
            registered = await register(browser, server.url, token_endpoint_auth_method="client_secret_post")
            secrets.append(registered["client_secret"].removeprefix("sls_"))
    for secret in secrets:
        assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert len(set(secrets)) == len(secrets)


async def test_the_code_of_one_client_is_worth_nothing_with_anothers_verifier(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """A code put into another's answer (RFC 9700 section 4.5): that client's verifier is another one."""
    stolen_from, code = await approved_code(http, server.url, email)
    async with server.browser() as other:
        attackers, _ = await consent_page(other, server.url, f"other.{email}")
        own = Attempt(stolen_from.client_id, server.url)
        for attempt in (attackers, own):
            refused = await redeem(other, attempt, code)
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    async with transaction(server.engine) as connection:
        assert (await connection.execute(select(grants.c.revoked_because))).scalars().all() == [None]


async def test_answers_are_told_apart_by_issuer_and_state(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """Mix-up (RFC 9207): the answer names us, so a client that asked another server drops it."""
    attempt, page = await consent_page(http, server.url, email)
    query = parse_qs(urlsplit(await Browser(http).approve(page)).query)
    assert (
        query["iss"] == [server.url] == [(await http.get("/.well-known/oauth-authorization-server")).json()["issuer"]]
    )
    assert query["state"] == [attempt.state]
