"""Small print of the RFCs that no other file is about, each tried at the endpoints."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import httpx
import pytest
from sqlalchemy import func, insert, select

from app.db import transaction
from app.oauth.secrets import hash_of
from app.oauth.tables import authorization_requests, clients, grants
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, approved_code, code_of, consent_page, redeem, register

pytestmark = pytest.mark.anyio

SECRET_BITS = 128
BITS_PER_CHARACTER = 6


async def test_no_member_of_the_metadata_is_empty(http: httpx.AsyncClient) -> None:
    """RFC 8414 section 3.2: what has no value is left out."""
    for name in ("oauth-authorization-server", "openid-configuration"):
        document: dict[str, Any] = (await http.get(f"/.well-known/{name}")).json()
        assert [member for member, value in document.items() if value in ([], "", None, {})] == []


async def test_the_token_endpoint_ignores_the_cookie_of_a_signed_in_person(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """RFC 9700 section 4.7: being signed in gets nobody a token."""
    attempt, code = await approved_code(http, server.url, email)
    assert http.cookies
    signed_in = await http.post("/oauth/token", data=attempt.redemption(code, code_verifier=None))
    assert (signed_in.status_code, signed_in.json()["error"]) == (400, "invalid_grant")


async def test_only_a_post_revokes(http: httpx.AsyncClient) -> None:
    """RFC 7009 section 2.1."""
    response = await http.get("/oauth/revoke", params={"token": "x", "client_id": "y"})
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]


async def test_a_client_can_not_choose_its_id_or_prove_itself_by_a_statement(http: httpx.AsyncClient) -> None:
    """RFC 7591 sections 2.3 and 3.2.1: ids are ours; a statement that we don't understand is left out."""
    asked = {"client_id": "app_mine", "client_secret": "mine", "software_statement": "eyJhbGciOiJub25lIn0.e30."}
    client = await register(http, "", application_type="native", **asked)
    assert client["client_id"] != asked["client_id"]
    assert "client_secret" not in client
    assert "software_statement" not in client
    assert client["application_type"] == "native"
    again = await register(http, "", application_type="native", **asked)
    assert again["client_id"] != client["client_id"]


async def test_what_is_handed_out_can_not_be_guessed(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """RFC 6749 section 10.10: at least 128 bits; two of a kind have nothing in common but the prefix."""
    seen: list[dict[str, str]] = []
    for number in range(2):
        client = await register(http, server.url, token_endpoint_auth_method="client_secret_post")
        attempt = Attempt(client["client_id"], server.url)
        async with server.browser() as own:
            browser = Browser(own)
            code = code_of(await browser.approve(await browser.sign_up(attempt.url(), f"{number}{email}")))
        tokens = (await redeem(http, attempt, code, client_secret=client["client_secret"])).json()
        seen.append({"code": code, "secret": client["client_secret"], "refresh": tokens["refresh_token"]})
    first, second = seen
    for kind, value in first.items():
        secret, other = value.rpartition("_")[2], second[kind].rpartition("_")[2]
        alphabet = 4 if kind == "refresh" else BITS_PER_CHARACTER
        assert len(secret) * alphabet >= SECRET_BITS
        assert sum(mine == theirs for mine, theirs in zip(secret, other, strict=False)) < len(secret) / 2


async def test_basic_credentials_are_form_encoded_before_they_are_joined(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """RFC 6749 section 2.3.1, with an id and a secret that the encoding changes."""
    name, secret = "my app: 100% ü", "a+b:c d%2F/ü"
    async with transaction(server.engine) as connection:
        template = (await register(http, server.url, token_endpoint_auth_method="client_secret_basic"))["client_id"]
        row = (await connection.execute(select(clients).where(clients.c.id == template))).mappings().one()
        await connection.execute(insert(clients).values({**row, "id": name, "secret_hash": hash_of(secret)}))
    attempt = Attempt(name, server.url)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    form = attempt.redemption(code, client_id=None)
    plain = base64.b64encode(f"{name}:{secret}".encode()).decode()
    encoded = base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
    assert (await http.post("/oauth/token", data=form, headers={"Authorization": f"Basic {plain}"})).status_code == 401
    response = await http.post("/oauth/token", data=form, headers={"Authorization": f"Basic {encoded}"})
    assert response.status_code == 200


async def test_of_two_answers_to_one_consent_at_once_one_counts(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    form = {**page.fields("/oauth/consent"), "decision": "approve"}
    responses = await asyncio.gather(*(http.post("/oauth/consent", data=form) for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 7
    async with transaction(server.engine) as connection:
        made = select(func.count()).select_from(grants).where(grants.c.client_id == attempt.client_id)
        assert (await connection.execute(made)).scalar_one() == 1


async def test_forms_are_answered_so_that_nothing_posted_travels_on(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """RFC 9700 section 4.12: a password is never sent on by a redirect, so it is 303 and not 307."""
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    opened = await browser.open(attempt.url())
    sign_up = await browser.open(opened.link("/oauth/sign-up"))
    posted: dict[str, Any] = {**sign_up.fields("/oauth/sign-up"), "email": email, "password": PASSWORD}
    assert (await http.post("/oauth/sign-up", data=posted)).status_code == 303


FORWARDING: list[Callable[[Page], str]] = [
    lambda page: f"{page.response.url}&next=https%3A%2F%2Fevil.example",
    lambda page: f"{page.response.url}&return_to=%2F%2Fevil.example&redirect_uri=https%3A%2F%2Fevil.example",
    lambda page: f"{page.response.url}&next=%2F%5Cevil.example",
]


@pytest.mark.parametrize("address", FORWARDING)
async def test_no_page_forwards_to_an_address_in_its_query(
    server: RunningServer, http: httpx.AsyncClient, email: str, address: Callable[[Page], str]
) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    page = await browser.open(address(await browser.open(attempt.url())))
    assert "evil.example" not in page.response.text
    sign_up = await browser.open(address(await browser.open(page.link("/oauth/sign-up"))))
    consent = await browser.submit(sign_up, "/oauth/sign-up", email=email, password=PASSWORD)
    assert "evil.example" not in consent.response.text
    assert urlsplit(await browser.approve(consent)).netloc == urlsplit(attempt.redirect_uri).netloc


async def test_a_page_for_the_request_of_another_browser_shows_and_forwards_nothing(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    client = await register(http, server.url, client_name="Somebody's app")
    opened = await Browser(http).open(Attempt(client["client_id"], server.url).url())
    async with server.browser() as stranger:
        for step in ("sign-in", "sign-up", "consent"):
            address = str(opened.response.url).replace("sign-in", step)
            page = await Browser(stranger).open(address)
            assert page.status == 400
            assert "Somebody's app" not in page.text
    async with transaction(server.engine) as connection:
        kept = (await connection.execute(select(authorization_requests.c.id))).scalars().all()
    assert parse_qs(urlsplit(str(opened.response.url)).query)["request"] == [str(each) for each in kept]
