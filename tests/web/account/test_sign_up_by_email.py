"""With a mail server, the link in an e-mail creates the account."""

import re
from urllib.parse import urljoin

import httpx
import pytest

from app.people.tables import people, sessions
from tests.db.looking import count
from tests.factory import Factory
from tests.mailbox import link_in
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import Mailing, RunningServer
from tests.oauth.tokens import Attempt, code_of, redeem, register
from tests.web.account.pages import can_sign_in, is_signed_in
from tests.web.account.test_reset import is_verified, make_account
from tests.web.test_join import invitation_of

pytestmark = pytest.mark.anyio

SIGN_UP, NEW = "/oauth/sign-up", "/account/new"


async def ask(server: RunningServer, http: httpx.AsyncClient, email: str) -> tuple[Attempt, Page]:
    """Ask for an account in front of an authorization request."""
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    page = await browser.open(attempt.url())
    page = await browser.open(urljoin(str(page.response.url), page.link(SIGN_UP)))
    return attempt, await browser.submit(page, SIGN_UP, email=email)


async def count_people(server: RunningServer) -> tuple[int, int]:
    """How many people and sessions there are."""
    return await count(server.engine, people), await count(server.engine, sessions)


async def test_the_link_makes_the_account_and_goes_on_with_the_app(mailing: Mailing, email: str) -> None:
    server = mailing.server
    async with server.browser() as http:
        attempt, page = await ask(server, http, email)
        assert page.title == "Check your email"
        assert await count_people(server) == (0, 0)
        message = await mailing.box.next()
        assert message["To"] == email
        page = await Browser(http).open(link_in(message))
        assert email in page.text
        consent = await Browser(http).submit(page, NEW, password=PASSWORD, name="Anna")
        assert "Signed in as Anna" in consent.text
        location = await Browser(http).approve(consent)
        assert (await redeem(http, attempt, code_of(location))).status_code == 200
    assert await is_verified(server, email)
    assert await can_sign_in(server, email, PASSWORD)


async def test_on_another_device_the_link_leads_to_the_account(mailing: Mailing, email: str) -> None:
    server = mailing.server
    async with server.browser() as http, server.browser() as phone:
        _, page = await ask(server, http, email)
        link = link_in(await mailing.box.next())
        page = await Browser(phone).open(link)
        page = await Browser(phone).submit(page, NEW, password=PASSWORD)
        assert page.title == "Your account"
        assert "Go back to your app and connect it again" in page.text
        assert not await is_signed_in(http)
        page = await Browser(phone).open(link)
        assert page.title == "This link no longer works"
        assert "Go back to your app" in page.text


async def test_a_link_opened_late_says_to_connect_the_app_again(mailing: Mailing, email: str) -> None:
    server = mailing.server
    async with server.browser() as http:
        _, page = await ask(server, http, email)
        assert (await Browser(http).open(page.link(SIGN_UP))).has_form(SIGN_UP)
        page = await Browser(http).open(link_in(await mailing.box.next()))
        server.clock.move(minutes=11)
        page = await Browser(http).submit(page, NEW, password=PASSWORD)
        assert page.title == "Your account"
        assert "Go back to your app and connect it again" in page.text


@pytest.mark.proves("ac-enumeration-sign-up")
async def test_a_taken_address_gets_the_same_response_and_another_email(mailing: Mailing, email: str) -> None:
    server, taken = mailing.server, f"taken.{email}"
    await make_account(server, taken)
    async with server.browser() as http:
        _, for_free = await ask(server, http, email)
        _, for_taken = await ask(server, http, taken)
        assert for_free.status == for_taken.status == 200
        texts = [re.sub("request=[0-9a-f-]{36}", "", each.response.text) for each in (for_free, for_taken)]
        assert texts[0] == texts[1].replace(taken, email)
        assert for_free.response.headers.keys() == for_taken.response.headers.keys()
        link_in(await mailing.box.next())
        message = await mailing.box.next()
        assert message["To"] == taken
        assert "you already have one" in message.get_content()
        assert "link=" not in message.get_content()
    assert await can_sign_in(server, taken, PASSWORD)


@pytest.mark.proves("ac-prehijack")
async def test_nobody_gets_an_account_without_reading_the_mailbox(mailing: Mailing, email: str) -> None:
    """Pre-hijacking: no password and no name of the attacker is kept until the owner opens the link."""
    server = mailing.server
    async with server.browser() as attacker, server.browser() as victim:
        await ask(server, attacker, email)
        page = await Browser(victim).open(link_in(await mailing.box.next()))
        await Browser(victim).submit(page, NEW, password=PASSWORD)
        assert not await is_signed_in(attacker)
        assert await is_signed_in(victim)


async def test_of_two_links_for_one_address_one_makes_the_account(mailing: Mailing, email: str) -> None:
    server = mailing.server
    async with server.browser() as http, server.browser() as other:
        pages: list[Page] = []
        for browser in (http, other):
            await ask(server, browser, email)
            pages.append(await Browser(browser).open(link_in(await mailing.box.next())))
        await Browser(http).submit(pages[0], NEW, password=PASSWORD)
        refused = await Browser(other).submit(pages[1], NEW, password="another horse battery")
        assert refused.status == 400
        assert not await is_signed_in(other)
    assert await can_sign_in(server, email, PASSWORD)


@pytest.mark.parametrize(
    ("password", "name", "says"),
    [
        ("short", "", "too short"),
        ("password1", "", "too easy"),
        (PASSWORD, "a\0b", "NUL"),
        (PASSWORD, "x" * 300, "name"),
    ],
)
async def test_bad_input_is_refused_by_name_and_the_link_still_works(
    mailing: Mailing, email: str, password: str, name: str, says: str
) -> None:
    server = mailing.server
    async with server.browser() as http:
        await ask(server, http, email)
        page = await Browser(http).open(link_in(await mailing.box.next()))
        refused = await Browser(http).submit(page, NEW, password=password, name=name)
        assert refused.status == 400
        alert = refused.soup.select_one("[role=alert]")
        assert alert is not None
        assert says in alert.get_text()
        assert (await Browser(http).submit(page, NEW, password=PASSWORD)).has_form("/oauth/consent")


@pytest.mark.parametrize("email", ["", "nobody", "a\0@example.org", "anna@example.org\r\nBcc: b@example.org"])
async def test_a_malformed_address_gets_no_email(mailing: Mailing, email: str) -> None:
    async with mailing.server.browser() as http:
        _, page = await ask(mailing.server, http, email)
        assert page.status == 400
        assert page.has_form(SIGN_UP)
    assert mailing.box.is_empty


async def test_an_email_holds_nothing_that_the_requester_typed(mailing: Mailing, email: str) -> None:
    server = mailing.server
    async with server.browser() as http:
        attempt = Attempt((await register(http, server.url, client_name="Visit evil.example"))["client_id"], server.url)
        browser = Browser(http)
        page = await browser.open(attempt.url(state="evil.example"))
        page = await browser.open(urljoin(str(page.response.url), page.link(SIGN_UP)))
        await browser.submit(page, SIGN_UP, email=email, name="Visit evil.example", password="evil.example")
        assert "evil" not in (await mailing.box.next()).as_string()


async def test_an_email_leads_back_to_an_invitation_but_to_nothing_else_that_was_asked_for(mailing: Mailing) -> None:
    server = mailing.server
    factory = Factory(server.engine, server.settings)
    ada = await factory.connected("Ada")
    code = (await invitation_of(server.engine, ada)).code
    asked = {
        f"/join?code={code}": f"next=%2Fjoin%3Fcode%3D{code}",
        "/call-this-number-now": "next=%2Faccount",
        "/join?code=CALL-THIS-NUMBER-NOW": "next=%2Faccount",
    }
    for number, (path, expected) in enumerate(asked.items()):
        async with server.browser() as http:
            browser = Browser(http)
            page = await browser.open(str(httpx.URL("/account/sign-up", params={"next": path})))
            page = await browser.submit(page, "/account/sign-up", email=f"new{number}@example.org")
            assert page.title == "Check your email"
            link = link_in(await mailing.box.next())
            assert link.endswith(expected)
            page = await browser.submit(await browser.open(link), "/account/new", password=PASSWORD)
            assert page.title == ("Join Ada's household?" if number == 0 else "Your account")
