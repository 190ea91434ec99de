"""The page of passkeys, and the page that asks once more who it is."""

import httpx
import pytest

from app.people.passkeys.keeping import MOST_PASSKEYS
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer
from tests.web.account.pages import SIGN_IN, can_sign_in, is_signed_in
from tests.web.passkeys.authenticator import Authenticator, add_passkey, question, sign_for, sign_in, sign_up

pytestmark = pytest.mark.anyio

PAGE = "/account/passkeys"


@pytest.fixture
def device(server: RunningServer) -> Authenticator:
    """A phone."""
    return Authenticator(server.settings.public_origin)


async def test_after_a_sign_up_the_account_page_offers_a_passkey(http: httpx.AsyncClient, email: str) -> None:
    page = await sign_up(http, email)
    assert "Add a passkey" in page.text
    assert (await Browser(http).open(page.link(PAGE))).title == "Passkeys"


async def test_a_passkey_gets_a_name_and_another_one(
    http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    page = await add_passkey(http, device)
    assert "Passkey" in page.text
    page = await Browser(http).submit(page, f"{PAGE}/rename", name="Phone <b>")
    assert "The passkey has its new name" in page.text
    assert "Phone <b>" in page.text
    page = await Browser(http).submit(page, f"{PAGE}/rename", name="x" * 61)
    assert page.status == 400


async def test_a_removed_passkey_signs_nobody_in(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    page = await add_passkey(http, device)
    page = await Browser(http).submit(page, f"{PAGE}/remove")
    assert "You have none yet" in page.text
    async with server.browser() as other:
        page = await sign_in(other, device)
        assert (page.status, page.title) == (400, "Sign in to your account")
        assert not await is_signed_in(other)


@pytest.mark.proves("""ac-reauthentication MUST OWASP Authentication Cheat Sheet (Reauthentication); own rule
    Changing what somebody signs in with asks once more who it is.
    Here: For passkeys the last sign-in must be at most ten minutes old; the page in between takes the password or a
    passkey, and opens a new session.""")
async def test_an_open_browser_is_not_enough_to_change_passkeys(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    page = await add_passkey(http, device)
    server.clock.move(minutes=11)
    late = await Browser(http).submit(page, f"{PAGE}/remove")
    assert late.title == "Is it you?"
    assert (await Browser(http).submit(page, f"{PAGE}/require")).title == "Is it you?"
    page = await Browser(http).open(PAGE)
    assert not page.has_form(f"{PAGE}/remove")
    assert not page.has_form(f"{PAGE}/add")
    wrong = await Browser(http).submit(late, "/account/confirm", password="wrong horse battery")
    assert (wrong.status, wrong.title) == (400, "Is it you?")
    before = http.cookies["shopping_session"]
    page = await Browser(http).submit(wrong, "/account/confirm", password=PASSWORD)
    assert page.has_form(f"{PAGE}/remove")
    assert http.cookies["shopping_session"] != before
    server.clock.move(minutes=11)
    page = await Browser(http).open("/account/confirm?next=/account/passkeys")
    page = await sign_for(http, page, "/account/confirm/passkey", device)
    assert page.has_form(f"{PAGE}/remove")


async def test_who_needs_a_passkey_beside_the_password_confirms_with_it(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    page = await add_passkey(http, device)
    early = await Browser(http).open("/account/confirm?next=/account/passkeys")
    await Browser(http).submit(page, f"{PAGE}/require")
    server.clock.move(minutes=11)
    page = await Browser(http).open("/account/confirm?next=/account/passkeys")
    assert not page.has_form("/account/confirm")
    forged = await Browser(http).submit(early, "/account/confirm", password=PASSWORD)
    assert "your password is not enough" in forged.text
    page = await sign_for(http, page, "/account/confirm/passkey", device)
    assert page.title == "Passkeys"


async def test_the_last_passkey_stays_while_the_password_needs_it(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    page = await add_passkey(http, device)
    page = await Browser(http).submit(page, f"{PAGE}/require")
    assert not await can_sign_in(server, email, PASSWORD)
    page = await Browser(http).submit(page, f"{PAGE}/remove")
    assert page.status == 400
    assert "your last passkey" in page.text
    page = await Browser(http).submit(page, f"{PAGE}/require")
    assert "your password is enough" in page.text
    assert await can_sign_in(server, email, PASSWORD)
    page = await Browser(http).submit(page, f"{PAGE}/remove")
    assert "You have none yet" in page.text


async def test_nobody_has_more_than_ten(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await sign_up(http, email)
    page = await Browser(http).open(PAGE)
    last = Authenticator(server.settings.public_origin)
    answer = last.make(await question(http, page, f"{PAGE}/add"))
    for _ in range(MOST_PASSKEYS):
        await add_passkey(http, Authenticator(server.settings.public_origin))
    assert not (await Browser(http).open(PAGE)).has_form(f"{PAGE}/add")
    page = await Browser(http).submit(page, f"{PAGE}/add", credential=answer)
    assert page.status == 429
    assert "You have 10 passkeys, which is the limit" in page.text


async def test_people_without_an_account_here_see_the_sign_in_page(http: httpx.AsyncClient) -> None:
    for path in (PAGE, "/account/confirm"):
        assert (await http.get(path)).headers["location"].startswith(SIGN_IN)
