"""Signing in with a passkey: alone, after the password, and on the way of an app."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, register
from tests.web.account.pages import SIGN_IN, is_signed_in
from tests.web.passkeys.authenticator import Authenticator, add_passkey, sign_for, sign_in, sign_up

pytestmark = pytest.mark.anyio

STEP = "/account/second-step"


@pytest.fixture
def device(server: RunningServer) -> Authenticator:
    """A phone."""
    return Authenticator(server.settings.public_origin)


@pytest.fixture
async def account(http: httpx.AsyncClient, email: str, device: Authenticator) -> str:
    """Somebody with a password and a passkey, who is signed in; their address."""
    await sign_up(http, email)
    page = await add_passkey(http, device, "Phone")
    assert "Your passkey is ready" in page.text
    return email


async def require(http: httpx.AsyncClient) -> None:
    """Have the password need a passkey."""
    page = await Browser(http).open("/account/passkeys")
    page = await Browser(http).submit(page, "/account/passkeys/require")
    assert "needs a passkey beside it" in page.text


@pytest.mark.proves("""ac-passkey-sign-in SHOULD OWASP Authentication Cheat Sheet (Passwordless); own rule
    People can sign in with a credential that can't be phished.
    Here: Passkeys, which say themselves whose they are, with user verification required.""")
async def test_a_passkey_alone_signs_its_person_in(server: RunningServer, account: str, device: Authenticator) -> None:
    async with server.browser() as laptop:
        page = await sign_in(laptop, device)
        assert page.title == "Your account"
        assert account in page.text
        page = await Browser(laptop).open("/account/passkeys")
        assert "never" not in page.text, "it says when it was used last"


async def test_the_browser_is_asked_for_what_the_standard_calls_a_passkey(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await sign_up(http, email)
    page = await Browser(http).open("/account/passkeys")
    form = page.form("/account/passkeys/add")
    data = {"form_token": str(form["data-token"]), "purpose": "add"}
    response = await http.post("/account/passkey-question", data=data)
    options = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert options["user"]["name"] == email


@pytest.mark.proves("""ac-passkey-second-step SHOULD own rule
    A person can have a second factor asked after the password.
    Here: A setting of the account; the password then leads to a page that takes a passkey of the same person.""")
async def test_the_password_leads_to_a_second_step_where_the_person_wants_one(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    await require(http)
    async with server.browser() as laptop:
        page = await Browser(laptop).open(SIGN_IN)
        before = laptop.cookies["shopping_session"]
        page = await Browser(laptop).submit(page, SIGN_IN, email=account, password=PASSWORD)
        assert page.title == "One more step"
        assert laptop.cookies["shopping_session"] != before, "a planted cookie is worthless after the password too"
        assert not await is_signed_in(laptop)
        page = await sign_for(laptop, page, STEP, device)
        assert page.title == "Your account"
    async with server.browser() as other:
        assert (await sign_in(other, device)).title == "Your account", "a passkey alone is two factors already"


async def test_an_app_gets_its_code_after_a_passkey(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    async with server.browser() as laptop:
        page = await Browser(laptop).open(attempt.url())
        page = await sign_for(laptop, page, "/oauth/passkey", device)
        assert page.has_form("/oauth/consent")
        assert account in page.text
        assert "code" in parse_qs(urlsplit(await Browser(laptop).approve(page)).query)


async def test_an_app_gets_its_code_after_password_and_passkey(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    await require(http)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    async with server.browser() as laptop:
        page = await Browser(laptop).open(attempt.url())
        page = await Browser(laptop).submit(page, "/oauth/sign-in", email=account, password=PASSWORD)
        assert page.title == "One more step"
        assert "A test client" in page.text
        early = await laptop.get(f"/oauth/consent?{urlsplit(str(page.response.url)).query}")
        assert early.status_code == 303, "no consent before the second step"
        page = await sign_for(laptop, page, "/oauth/second-step", device)
        assert "code" in parse_qs(urlsplit(await Browser(laptop).approve(page)).query)


async def test_a_second_step_without_a_first_leads_to_the_sign_in_page(http: httpx.AsyncClient) -> None:
    response = await http.get(f"{STEP}?next=/lists")
    assert (response.status_code, response.headers["location"]) == (303, "/account/sign-in?next=%2Flists")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://lists.example.org", "https://192.0.2.7"])
async def test_where_browsers_have_no_passkeys_nothing_offers_them(
    settings: Settings, engine: Engine, email: str, url: str
) -> None:
    server = await start(settings.model_copy(update={"public_url": url}), engine)
    async with server.browser() as http:
        assert not (await Browser(http).open(SIGN_IN)).has_form("/account/passkey")
        assert (await http.get("/account/passkeys")).status_code == 404


async def test_without_passwords_there_are_no_passkeys_either(settings: Settings, engine: Engine) -> None:
    server = await start(settings.model_copy(update={"password_sign_in": False}), engine)
    async with server.browser() as http:
        assert (await http.get("/account/passkeys")).status_code == 404
