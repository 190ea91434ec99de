"""The account page: what is shown, disconnecting, and signing out."""

from datetime import date, timedelta

import httpx
import pytest
from babel.dates import format_date
from sqlalchemy import update

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.oauth.credentials.api_keys import IssuedKey, NewKey, create_api_key
from app.oauth.credentials.repository import note_key_use
from app.oauth.tables import grants
from app.settings import Settings
from tests.db.looking import change
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import refresh, tokens_for
from tests.web.account.pages import SIGN_IN, connect, is_signed_in, sign_in

pytestmark = pytest.mark.anyio


async def test_the_page_shows_the_person_and_their_connected_apps(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open("/account")
    today = server.clock().date()
    for shown in (email, "A test client", "localhost:49152", "change the lists", "household"):
        assert shown in page.text
    assert f"Connected {format_date(today, locale='en')}" in page.text
    assert f"Last used {format_date(today, locale='en')}" in page.text
    assert f"Ends {format_date(today + timedelta(days=30), locale='en')}" in page.text
    assert not page.has_form("/account/proof"), "no e-mails can be sent"
    assert "confirmed" not in page.text


async def test_an_api_key_is_shown_as_one_with_its_last_use(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    household = (await Browser(http).open("/account")).soup.select("section.app dd")[1].get_text()
    keys: list[IssuedKey] = []
    for name in ("Display", "API key"):
        new_key = NewKey(email, household, name=name)
        async with transaction(server.engine) as connection:
            keys.append(await create_api_key(connection, server.settings.resource, new_key, server.clock()))
    async with transaction(server.engine) as connection:
        await note_key_use(connection, hash_of(keys[0].secret), date(2026, 11, 1))
    page = await Browser(http).open("/account")
    shown = [" ".join(each.get_text(" ").split()) for each in page.soup.select("section.app")]
    assert shown[0].startswith(f"API key {keys[1].id} Access")
    assert "Last used" not in shown[0]
    assert shown[1].startswith(f"Display API key {keys[0].id} Access")
    assert "Last used Nov 1, 2026" in shown[1]


async def test_nobody_sees_the_apps_of_others(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        page = await Browser(other).open("/account")
    assert len(page.soup.select("section.app")) == 1
    assert page.text.count("@") == 1


async def test_apps_that_have_ended_are_not_shown(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    server.clock.move(days=30)
    page = await sign_in(http, email)
    assert page.title == "Your account"
    assert not page.soup.select("section.app")


async def test_the_name_of_an_app_is_shown_as_plain_text(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    await connect(server, http, email)
    name = {"name": "<script>x</script>", "redirect_host": '"><b>'}
    await change(database.owner, update(grants).values(client=name))
    page = await Browser(http).open("/account")
    assert "<script>x" not in page.response.text
    assert '"><b>' not in page.response.text


@pytest.mark.proves("""as-revoke-by-person SHOULD OAuth 2.1 §7.9 (consent phishing); RFC 9700 §4.14.2
    A person can see and end what they approved.
    Here: The account page, for people of a provider too, lists connected apps, each with a button that ends its grant
    at once.""")
async def test_disconnecting_ends_the_grant_at_once_and_no_other(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email)
    kept = await connect(server, http, email)
    browser = Browser(http)
    page = await browser.open("/account")
    forms = page.soup.select("form[action$='/account/disconnect']")
    assert len(forms) == 2
    data = {str(each["name"]): str(each["value"]) for each in forms[-1].select("input")}  # the newest is the first
    assert (await http.post("/account/disconnect", data=data)).headers["location"] == "/account"
    assert await server.grant_of(tokens["access_token"]) is None
    assert await server.grant_of(kept) is not None
    assert [str(each) for each in server.revoked] == [data["grant"]]
    assert (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).status_code == 400
    again = await http.post("/account/disconnect", data=data)
    assert again.status_code == 400
    assert len(server.revoked) == 1


async def test_nobody_disconnects_the_apps_of_others(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        theirs = (await Browser(http).open("/account")).fields("/account/disconnect")
        mine = (await Browser(other).open("/account")).fields("/account/disconnect")
        for data in (theirs, {**mine, "grant": theirs["grant"]}, {**theirs, "form_token": mine["form_token"]}):
            assert (await other.post("/account/disconnect", data=data)).status_code == 400
    assert await server.grant_of(token) is not None


@pytest.mark.proves("""ac-sign-out-everywhere SHOULD own rule
    A person can end all their sessions.
    Here: A button on the account page ends every session.""")
async def test_signing_out_everywhere_ends_every_session_and_no_app(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    async with server.browser() as phone, server.browser() as stranger:
        await sign_in(phone, email)
        await connect(server, stranger, f"other.{email}")
        copied = http.cookies["shopping_session"]
        page = await Browser(http).open("/account")
        page = await Browser(http).submit(page, "/account/sign-out-everywhere")
        assert page.has_form(SIGN_IN)
        assert not await is_signed_in(http)
        assert not await is_signed_in(phone)
        assert await is_signed_in(stranger)
        async with server.browser() as thief:
            thief.cookies.set("shopping_session", copied)
            assert not await is_signed_in(thief)
    assert await server.grant_of(token) is not None


async def test_signing_out_here_leaves_other_browsers_alone(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    async with server.browser() as phone:
        page = await sign_in(phone, email)
        await Browser(phone).submit(page, "/account/sign-out")
        assert not await is_signed_in(phone)
        assert await is_signed_in(http)


async def test_signing_in_leads_to_the_path_in_next(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        page = await Browser(other).open(f"{SIGN_IN}?next=/account/reset")
        page = await Browser(other).submit(page, SIGN_IN, email=email, password=PASSWORD)
        assert page.title == "Forgot your password?"


@pytest.mark.parametrize("form", ["password", "disconnect", "sign-out", "sign-out-everywhere"])
async def test_opening_the_address_of_a_form_leads_to_its_page(http: httpx.AsyncClient, form: str) -> None:
    response = await http.get(f"/account/{form}")
    assert (response.status_code, response.headers["location"]) == (303, "/account")


async def test_below_a_path_every_link_and_redirect_stays_there(settings: Settings, engine: Engine) -> None:
    server = await start(settings.model_copy(update={"public_url": f"{settings.public_url}/shop"}), engine)
    async with server.browser() as http:
        response = await http.get("/account")
        assert response.headers["location"] == "/shop/account/sign-in?next=/account"
        page = await Browser(http).open(SIGN_IN)
        assert str(page.form(SIGN_IN)["action"]) == "/shop/account/sign-in?next=/account"
