"""The browsers in which a person is signed in: what is shown of them, and signing them out one by one."""

import httpx
import pytest
from sqlalchemy import select

from app.audit.models import Action
from app.db import transaction
from app.people.session_repository import LONGEST_BROWSER, MOST_SHOWN, SEEN_EVERY
from app.people.tables import sessions
from tests.audit.looking import stored
from tests.oauth.browser import Browser, Page
from tests.oauth.conftest import RunningServer
from tests.web.account.pages import connect, is_signed_in, sign_in

pytestmark = pytest.mark.anyio

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
)


def browsers(page: Page) -> list[str]:
    """What the page says of each browser."""
    return [" ".join(each.get_text(" ").split()) for each in page.soup.select("section.browser")]


def fields_of(page: Page, number: int) -> dict[str, str]:
    """What the button of a browser sends."""
    return {
        str(each["name"]): str(each["value"]) for each in page.soup.select("section.browser")[number].select("input")
    }


async def test_each_browser_is_shown_with_its_name_since_when_and_from_where(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    elsewhere = httpx.ASGITransport(app=server.app, client=("2001:db8:1:2:3::4", 5))
    base = server.settings.public_origin
    async with httpx.AsyncClient(transport=elsewhere, base_url=base, headers={"User-Agent": PHONE}) as phone:
        await sign_in(phone, email)
    mine, other = browsers(await Browser(http).open("/access"))
    assert "this browser" in mine
    assert ", from 127.0.0.1" in mine
    assert other.startswith("Chrome Mobile on Android Signed in")
    assert ", from 2001:db8:1:2::/64" in other
    assert "this browser" not in other


@pytest.mark.proves("ac-sign-out-everywhere")
async def test_one_browser_is_signed_out_and_no_other(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    async with server.browser() as phone, server.browser() as tablet:
        await sign_in(phone, email)
        await sign_in(tablet, email)
        page = await Browser(phone).open("/access")
        which = fields_of(page, 0)["session"]
        assert "this browser" in browsers(page)[0]
        page = await Browser(http).open("/access")
        (data,) = [each for each in (fields_of(page, 1), fields_of(page, 2)) if each["session"] == which]
        response = await http.post("/access/session", data=data)
        assert response.headers["location"] == "/access?done=session"
        assert not await is_signed_in(phone)
        assert await is_signed_in(tablet)
        assert await is_signed_in(http)
        assert (await http.post("/access/session", data=data)).status_code == 400, "sent twice"
    assert await server.grant_of(token) is not None
    row = [each for each in await stored(server.engine) if each["action"] == Action.SIGN_OUT]
    assert [each["detail"] for each in row] == ["session"]


async def test_signing_out_this_browser_leads_to_the_sign_in(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open("/access")
    page = await Browser(http).submit(page, "/access/session")
    assert page.has_form("/account/sign-in")
    assert not await is_signed_in(http)


async def test_nobody_signs_out_the_browsers_of_others(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        theirs = fields_of(await Browser(http).open("/access"), 0)
        mine = fields_of(await Browser(other).open("/access"), 0)
        for data in (theirs, {**mine, "session": theirs["session"]}, {**theirs, "form_token": mine["form_token"]}):
            assert (await other.post("/access/session", data=data)).status_code == 400
    assert await is_signed_in(http)


async def test_the_id_of_a_session_lets_nobody_in(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    which = fields_of(await Browser(http).open("/access"), 0)["session"]
    for planted in (which, which[:43]):
        async with server.browser() as thief:
            thief.cookies.set("shopping_session", planted)
            assert not await is_signed_in(thief)


async def test_a_name_that_is_no_browser_is_text_and_bounded(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    for sent in ("<script>x</script>{{ 7 * 7 }} Firefox/1.0", "x" * 5000, "\N{GREEK SMALL LETTER ALPHA}\x85 y"):
        server.clock.move(seconds=SEEN_EVERY.total_seconds())
        page = await http.get("/access", headers=[(b"User-Agent", sent.encode())])
        assert page.status_code == 200
        assert "<script>x" not in page.text
    async with transaction(server.engine) as connection:
        stored = (await connection.execute(select(sessions.c.browser))).scalars().all()
    assert all(each is None or (len(each) <= LONGEST_BROWSER and each.isprintable()) for each in stored)


async def test_where_a_session_is_in_use_is_noted_every_few_minutes(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)

    async def seen() -> str:
        return browsers(await Browser(http).open("/access"))[0].partition("Last used")[2]

    first = await seen()
    server.clock.move(seconds=SEEN_EVERY.total_seconds() - 60)
    assert await seen() == first
    server.clock.move(seconds=120)
    assert await seen() != first


async def test_of_very_many_browsers_the_newest_are_shown_and_this_one_is_first(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    for _ in range(MOST_SHOWN):
        server.clock.move(seconds=1)
        async with server.browser() as other:
            await sign_in(other, email)
    assert len(browsers(await Browser(http).open("/access"))) == MOST_SHOWN
