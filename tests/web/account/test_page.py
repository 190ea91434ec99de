"""The account page: what is shown, and signing out."""

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, start
from tests.web.account.pages import SIGN_IN, connect, is_signed_in, sign_in

pytestmark = pytest.mark.anyio


async def test_the_page_shows_the_person_and_leads_to_what_has_access(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open("/account")
    assert email in page.text
    assert "A test client" not in page.text
    assert not page.has_form("/account/proof"), "no e-mails can be sent"
    assert "confirmed" not in page.text
    assert "A test client" in (await Browser(http).open(page.link("/access"))).text


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


@pytest.mark.parametrize("form", ["password", "sign-out", "sign-out-everywhere"])
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
