"""The account page for people of an OpenID provider, where passwords are off: in, out, and what is connected."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.audit.models import Action
from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.oauth.oidc_login.repository import LIFE, use_attempt
from app.oauth.retention import delete_expired
from app.oauth.retention_repository import EXPIRED_FOR
from app.oauth.tables import upstream_sign_ins
from app.people.tables import people
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.audit.looking import only, stored
from tests.db.looking import count
from tests.issuers.test_oidc_login import Traveller, ada, changed, is_refused, other_http
from tests.issuers.test_oidc_login import settings as with_provider
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser, refresh_target
from tests.oauth.tokens import code_of, redeem

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]

__all__ = ["ada", "other_http", "with_provider"]

SIGN_IN, LEAVE = "/account/sign-in", "/account/upstream"


@pytest.fixture
def settings(with_provider: Settings) -> Settings:
    return with_provider.model_copy(update={"password_sign_in": False, "oidc_login_name": ""})


async def leave(traveller: Traveller, **fields: str) -> str:
    """From the account's sign-in page to where the provider sends the browser back to."""
    page = await traveller.browser.open("/account")
    assert not page.has_form(SIGN_IN)
    left = await traveller.browser.submit(page, LEAVE, **fields)
    return traveller.issuer.sign_in(refresh_target(left))


@pytest.mark.proves("as-revoke-by-person")
async def test_without_passwords_people_see_and_end_what_is_connected(
    ada: Traveller, http: httpx.AsyncClient, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    attempt, consent = await ada.sign_in()
    assert f"Signed in at {urlsplit(ada.issuer.identifier).netloc} as Ada Lovelace" in consent.text
    token = (await redeem(http, attempt, code_of(await ada.browser.approve(consent)))).json()["access_token"]
    other = Traveller(other_http, ada.issuer)
    page = await other.browser.open(await leave(other))
    assert page.title == "Your account"
    assert f"Name Ada Lovelace Signed in at {urlsplit(ada.issuer.identifier).netloc} Your households" in page.text
    assert not page.has_form("/account/password")
    page = await other.browser.open(page.link("/access"))
    assert "A test client" in page.text
    page = await other.browser.submit(page, "/access/end")
    assert (await McpClient(http, token).send("tools/list")).status_code == 401
    page = await other.browser.submit(page, "/account/sign-out-everywhere")
    assert page.has_form(LEAVE)
    assert (await http.get("/account")).status_code == 303
    seen = [only(row, "action", "detail") for row in await stored(engine) if row["action"].startswith("sign")]
    assert seen == [
        (Action.SIGN_UP, ada.issuer.identifier),
        (Action.SIGN_IN, "upstream"),
        (Action.SIGN_IN, "upstream"),
        (Action.SIGN_OUT, "everywhere"),
    ]


async def test_without_passwords_the_provider_is_the_only_way(ada: Traveller, http: httpx.AsyncClient) -> None:
    _, page = await ada.start()
    assert f"Sign in with {urlsplit(ada.issuer.identifier).netloc}" in page.text
    assert not page.has_form("/oauth/sign-in")
    assert "/oauth/sign-up" not in page.response.text
    assert "/account/reset" not in page.response.text
    assert (await http.get("/oauth/sign-up")).status_code == 404
    for name in ("reset", "new-password", "verify", "new"):
        assert (await http.get(f"/account/{name}")).status_code == 404, name
    for form in ("sign-in", "password", "reset", "new-password", "proof", "verify", "new"):
        assert (await http.post(f"/account/{form}", data={})).status_code in (404, 405), form
    for form in ("sign-in", "sign-up"):
        assert (await http.post(f"/oauth/{form}", data={})).status_code in (404, 405), form
    consent = await ada.browser.open(ada.issuer.sign_in(await ada.leave(page)))
    assert consent.has_form("/oauth/consent")


@pytest.mark.proves("up-state")
async def test_an_attempt_counts_once_in_the_browser_that_left(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    """Login CSRF, and a callback that somebody kept."""
    callback = await leave(ada)
    victim = Traveller(other_http, ada.issuer)
    assert is_refused(await victim.browser.open(callback))
    await victim.browser.open("/account")
    assert is_refused(await victim.browser.open(callback))
    assert await count(engine, people) == 0
    planted = ada.http.cookies["shopping_session"]
    assert (await ada.browser.open(callback)).title == "Your account"
    assert ada.http.cookies["shopping_session"] != planted
    assert is_refused(await ada.browser.open(callback))
    victim.http.cookies.set("shopping_session", planted)
    assert is_refused(await victim.browser.open(callback))
    assert (await other_http.get("/account")).status_code == 303


@pytest.mark.proves("up-state")
async def test_an_attempt_is_good_for_ten_minutes_and_then_forgotten(ada: Traveller, engine: Engine) -> None:
    state = dict(parse_qsl(urlsplit(await leave(ada)).query))["state"]
    browser, issuer, now = hash_of(ada.http.cookies["shopping_session"]), ada.issuer.identifier, system_clock()
    async with transaction(engine) as connection:
        assert await use_attempt(connection, hash_of(state), browser, issuer, now + LIFE) is None
        assert await use_attempt(connection, hash_of(state), browser, issuer, now) is not None
    await delete_expired(engine, now + EXPIRED_FOR - timedelta(minutes=1))
    assert await count(engine, upstream_sign_ins) == 1
    await delete_expired(engine, now + EXPIRED_FOR)
    assert await count(engine, upstream_sign_ins) == 0


@pytest.mark.proves("az-no-next")
@pytest.mark.parametrize(
    ("target", "led"), [("//evil.example", "/account"), ("/oauth/sign-in?request=1", "/oauth/sign-in?request=1")]
)
async def test_signing_in_at_the_provider_leads_to_pages_of_ours_only(ada: Traveller, target: str, led: str) -> None:
    answer = await ada.http.get(await leave(ada, next=target))
    assert (answer.status_code, answer.headers["location"]) == (303, led)


async def test_a_no_at_the_provider_leads_back_to_the_accounts_sign_in(ada: Traveller) -> None:
    path = "/account/reset?a=b&c=d"
    page = await ada.browser.open(changed(await leave(ada, next=path), code=None, error="access_denied"))
    assert is_refused(page)
    page = await ada.browser.open(page.link(SIGN_IN))
    assert page.fields(LEAVE)["next"] == [path]


async def test_the_way_out_of_the_account_needs_our_own_form(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    page = await ada.browser.open("/account")
    assert is_refused(await ada.browser.submit(page, LEAVE, form_token="0" * 64))
    assert is_refused(await ada.browser.submit_from("https://attacker.example", page, LEAVE))
    await Browser(other_http).open("/account")
    assert (await other_http.post(LEAVE, data=page.fields(LEAVE))).status_code == 400
    assert await count(engine, upstream_sign_ins) == 0
