"""Changing a password that one knows."""

import httpx
import pytest

from app.db import Engine, transaction
from app.people.email_addresses import parse_email
from app.people.password_sign_in import still_holds
from app.people.repository import find_password_account
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.web.account.pages import OTHER_PASSWORD, can_sign_in, connect, is_signed_in, sign_in

pytestmark = pytest.mark.anyio

CHANGE = "/account/password"


async def change(http: httpx.AsyncClient, present: str, new: str) -> Page:
    page = await Browser(http).open("/account")
    return await Browser(http).submit(page, CHANGE, password=present, new_password=new)


@pytest.mark.proves("as-security-event")
async def test_a_new_password_ends_other_sessions_and_leaves_apps_connected(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    before = http.cookies["shopping_session"]
    async with server.browser() as phone:
        await sign_in(phone, email)
        page = await change(http, PASSWORD, OTHER_PASSWORD)
        assert page.title == "Your account"
        said = page.soup.select_one("[role=status]")
        assert said is not None
        assert "Your password has been changed." in said.get_text()
        assert http.cookies["shopping_session"] != before
        assert not await is_signed_in(phone)
    assert await server.grant_of(token) is not None
    assert await can_sign_in(server, email, OTHER_PASSWORD)
    assert not await can_sign_in(server, email, PASSWORD)


@pytest.mark.parametrize(
    ("present", "new", "says"),
    [
        ("wrong horse battery", OTHER_PASSWORD, "current password is wrong"),
        ("", OTHER_PASSWORD, "current password is wrong"),
        (PASSWORD, "zyq1", "too short"),
        (PASSWORD, "password1", "too easy"),
        (PASSWORD, "x" * 1025, "too long"),
        (PASSWORD, OTHER_PASSWORD + "\0", "NUL"),
    ],
)
async def test_an_invalid_password_change_is_refused_and_changes_nothing(
    server: RunningServer, http: httpx.AsyncClient, email: str, present: str, new: str, says: str
) -> None:
    await connect(server, http, email)
    page = await change(http, present, new)
    assert page.status == 400
    alert = page.soup.select_one("[role=alert]")
    assert alert is not None
    assert says in alert.get_text()
    faulty = page.form(CHANGE).select_one("input[aria-describedby]")
    assert faulty is not None
    assert alert in page.form(CHANGE).select(f"#{faulty['aria-describedby']}")
    assert faulty["name"] == ("new_password" if present == PASSWORD else "password")
    assert new not in page.response.text
    assert await is_signed_in(http)
    assert await can_sign_in(server, email, PASSWORD)


async def test_the_current_password_cannot_be_guessed_in_a_stolen_session(
    settings: Settings, engine: Engine, email: str
) -> None:
    server = await start(settings.model_copy(update={"limits": True}), engine)
    async with server.browser() as http:
        await connect(server, http, email)
        statuses = [(await change(http, f"wrong horse {number}", OTHER_PASSWORD)).status for number in range(8)]
        refused = await change(http, PASSWORD, OTHER_PASSWORD)
    assert statuses == [400] * 6 + [429] * 2
    assert refused.status == 429
    assert "Try again in a few seconds." in refused.form(CHANGE).get_text()
    assert int(refused.response.headers["retry-after"]) > 0


async def test_a_password_that_was_changed_during_the_sign_in_opens_no_session(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    async with transaction(server.engine) as connection:
        account = await find_password_account(connection, parse_email(email))
        assert account is not None
        assert await still_holds(connection, account)
    await change(http, PASSWORD, OTHER_PASSWORD)
    async with transaction(server.engine) as connection:
        assert not await still_holds(connection, account)
