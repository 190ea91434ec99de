"""A form that is sent twice, as by a double click: the second one gets the answer of the first, nobody else does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import anyio
import httpx
import pytest

from app.households.tables import households
from app.oauth.tables import grants
from app.people.tables import people, sessions
from tests.db.looking import count
from tests.mailbox import link_in
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import Mailing, RunningServer
from tests.oauth.tokens import Attempt, register
from tests.web.account.pages import is_signed_in

pytestmark = pytest.mark.anyio

FORMS = {"sign up": "sign-up", "sign in": "sign-in"}


@dataclass
class Clicks:
    """An open form in one browser, and the same form as it is sent once more with the cookie from before."""

    server: RunningServer
    first: httpx.AsyncClient
    second: httpx.AsyncClient
    page: Page
    path: str

    async def send(self, http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> Page:
        return await Browser(http).submit(self.page, self.path, email=email, password=password)


@asynccontextmanager
async def open_form(server: RunningServer, start: str, path: str) -> AsyncGenerator[Clicks]:
    """The form `path`, reached from the address `start`."""
    async with server.browser() as first, server.browser() as second:
        page = await Browser(first).open(start)
        if not page.has_form(path):
            page = await Browser(first).open(urljoin(str(page.response.url), page.link(path)))
        second.cookies.update(first.cookies)
        yield Clicks(server, first, second, page, path)


async def starts(server: RunningServer, http: httpx.AsyncClient) -> dict[str, str]:
    """Where people come to the forms from: an app that waits, and the account."""
    return {
        "/oauth": Attempt((await register(http, server.url))["client_id"], server.url).url(),
        "/account": "/account",
    }


async def make_account(server: RunningServer, email: str) -> None:
    async with open_form(server, "/account", "/account/sign-up") as clicks:
        await clicks.send(clicks.first, email)
    server.clock.move(minutes=5)


def leads_on(page: Page, base: str) -> bool:
    return page.status == 200 and page.title.startswith("Connect " if base == "/oauth" else "Your account")


@pytest.mark.parametrize("base", ["/oauth", "/account"])
@pytest.mark.parametrize("form", FORMS)
async def test_the_second_click_gets_the_answer_of_the_first(
    server: RunningServer, http: httpx.AsyncClient, email: str, base: str, form: str
) -> None:
    if form == "sign in":
        await make_account(server, email)
    ended = await count(server.engine, sessions)
    async with open_form(server, (await starts(server, http))[base], f"{base}/{FORMS[form]}") as clicks:
        assert leads_on(await clicks.send(clicks.first, email), base)
        page = await clicks.send(clicks.second, email)
        assert leads_on(page, base), page.text
        assert await is_signed_in(clicks.second)
        # The browser has one of the cookies, and nobody knows which: both are good.
        assert await is_signed_in(clicks.first)
        assert await count(server.engine, sessions) == ended + 2
        assert [await count(server.engine, table) for table in (people, households)] == [1, 1]
        if base == "/oauth":
            assert "code=" in await Browser(clicks.second).approve(page)


@pytest.mark.parametrize("base", ["/oauth", "/account"])
@pytest.mark.parametrize("form", FORMS)
async def test_both_clicks_at_the_same_moment_lead_on(
    server: RunningServer, http: httpx.AsyncClient, email: str, base: str, form: str
) -> None:
    if form == "sign in":
        await make_account(server, email)
    async with open_form(server, (await starts(server, http))[base], f"{base}/{FORMS[form]}") as clicks:
        answers: dict[str, httpx.Response] = {}
        sent: dict[str, object] = {**clicks.page.fields(clicks.path), "email": email, "password": PASSWORD}

        async def click(which: str, browser: httpx.AsyncClient) -> None:
            answers[which] = await browser.post(clicks.path, data=sent)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click, "first", clicks.first)
            tasks.start_soon(click, "second", clicks.second)
        assert [each.status_code for each in answers.values()] == [303, 303]
        signed_in = [await is_signed_in(each) for each in (clicks.first, clicks.second)]
        assert signed_in == [True, True]
        if base == "/oauth":
            for which, browser in (("first", clicks.first), ("second", clicks.second)):
                page = await Browser(browser).open(answers[which].headers["location"])
                assert page.title == "Connect A test client?"
        assert [await count(server.engine, table) for table in (people, households)] == [1, 1]


@pytest.mark.parametrize("base", ["/oauth", "/account"])
@pytest.mark.parametrize("form", FORMS)
async def test_a_click_with_the_new_cookie_and_the_old_form_leads_on(
    server: RunningServer, http: httpx.AsyncClient, email: str, base: str, form: str
) -> None:
    """The browser has the first answer, but not yet the page that it leads to."""
    if form == "sign in":
        await make_account(server, email)
    async with open_form(server, (await starts(server, http))[base], f"{base}/{FORMS[form]}") as clicks:
        await clicks.send(clicks.first, email)
        before = await count(server.engine, sessions)
        assert leads_on(await clicks.send(clicks.first, email), base)
        assert await count(server.engine, sessions) == before
        # Somebody else's address is not theirs to go on with.
        page = await clicks.send(clicks.first, f"x{email}")
        assert "out of date" in page.text
        # Without the proof that the form was this browser's, or when it isn't a double click, nobody goes on.
        forged = {**clicks.page.fields(clicks.path), "form_token": "0" * 64, "email": email, "password": PASSWORD}
        assert (await clicks.first.post(clicks.path, data=forged)).status_code == 400
        server.clock.move(minutes=1)
        assert "out of date" in (await clicks.send(clicks.first, email)).text


@pytest.mark.parametrize("base", ["/oauth", "/account"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.proves("""ac-double-click MUST own rule
    A form that is sent again gets nobody in who doesn't prove anew who they are.
    Here: With the cookie from before, which others may know, the password is looked at again and must be that of whom
    the first one signed in; with the new cookie nothing is changed.""")
async def test_whoever_knows_the_old_cookie_gets_in_as_nobody(
    server: RunningServer, http: httpx.AsyncClient, email: str, base: str, form: str
) -> None:
    """A cookie can be planted in a browser; who planted it can make its forms, too."""
    own = f"thief{email[6:]}"
    await make_account(server, own)
    if form == "sign in":
        await make_account(server, email)
    async with open_form(server, (await starts(server, http))[base], f"{base}/{FORMS[form]}") as clicks:
        page = await clicks.send(clicks.first, email)
        assert leads_on(page, base)
        assert (await clicks.send(clicks.second, email, "wrong horse battery")).status == 400
        assert not await is_signed_in(clicks.second)
        async with server.browser() as thief:
            thief.cookies.update(clicks.second.cookies)
            sent: dict[str, object] = {**clicks.page.fields(clicks.path), "email": own, "password": PASSWORD}
            answer = await thief.post(clicks.path, data=sent)
            assert answer.status_code == (400 if base == "/oauth" or form == "sign up" else 303)
            assert email not in (await thief.get("/account")).text
        assert await is_signed_in(clicks.first)
        if base == "/oauth":  # and the request is still theirs
            assert "code=" in await Browser(clicks.first).approve(page)


@pytest.mark.parametrize("form", FORMS)
async def test_the_same_form_a_minute_later_is_out_of_date(
    server: RunningServer, http: httpx.AsyncClient, email: str, form: str
) -> None:
    if form == "sign in":
        await make_account(server, email)
    async with open_form(server, (await starts(server, http))["/oauth"], f"/oauth/{FORMS[form]}") as clicks:
        await clicks.send(clicks.first, email)
        server.clock.move(minutes=1, seconds=1)
        page = await clicks.send(clicks.second, email)
        assert page.status == 400
        assert ("out of date" if form == "sign in" else "sign in instead") in page.text
        assert await is_signed_in(clicks.first)


async def test_another_browser_is_not_signed_in_by_signing_up(server: RunningServer, email: str) -> None:
    async with open_form(server, "/account", "/account/sign-up") as clicks:
        await clicks.send(clicks.first, email)
    async with open_form(server, "/account", "/account/sign-up") as clicks:
        page = await clicks.send(clicks.first, email)
        assert "sign in instead" in page.text
        assert not await is_signed_in(clicks.first)


@pytest.mark.parametrize("at_once", [True, False])
async def test_two_clicks_behind_an_emailed_link_make_one_account(mailing: Mailing, email: str, at_once: bool) -> None:
    """The second one comes while the first is at work, or after it has used up the link."""
    server = mailing.server
    async with server.browser() as first, server.browser() as second:
        page = await Browser(first).open("/account/sign-up")
        await Browser(first).submit(page, "/account/sign-up", email=email)
        page = await Browser(first).open(link_in(await mailing.box.next()))
        second.cookies.update(first.cookies)
        answers: list[Page] = []

        async def click(http: httpx.AsyncClient, password: str = PASSWORD) -> None:
            answers.append(await Browser(http).submit(page, "/account/new", password=password))

        if at_once:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(click, first)
                tasks.start_soon(click, second)
        else:
            await click(first)
            await click(second)
        assert [each.title for each in answers] == ["Your account", "Your account"]
        assert await count(server.engine, people) == 1


async def test_behind_a_used_link_nobody_goes_on_with_another_password_or_from_another_browser(
    mailing: Mailing, email: str
) -> None:
    server = mailing.server
    async with server.browser() as first, server.browser() as second, server.browser() as third:
        page = await Browser(first).open("/account/sign-up")
        await Browser(first).submit(page, "/account/sign-up", email=email)
        address = link_in(await mailing.box.next())
        page, elsewhere = await Browser(first).open(address), await Browser(third).open(address)
        second.cookies.update(first.cookies)
        await Browser(first).submit(page, "/account/new", password=PASSWORD)
        wrong = await Browser(second).submit(page, "/account/new", password="another one entirely 77")
        other = await Browser(third).submit(elsewhere, "/account/new", password=PASSWORD)
        assert [each.title for each in (wrong, other)] == ["This link no longer works"] * 2
        for http in (second, third):
            assert (await http.get("/account")).status_code == 303


async def test_opening_the_sign_in_page_again_leads_to_the_question(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """As Back does after a sign-in."""
    async with open_form(server, (await starts(server, http))["/oauth"], "/oauth/sign-up") as clicks:
        await clicks.send(clicks.first, email)
        assert leads_on(await Browser(clicks.first).open(str(clicks.page.response.url)), "/oauth")
        async with server.browser() as other:
            assert "out of date" in (await Browser(other).open(str(clicks.page.response.url))).text
        assert await count(server.engine, grants) == 0
