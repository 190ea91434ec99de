"""Recovery codes: what to do when the passkey is lost."""

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.web.account.pages import SIGN_IN, connect, is_signed_in
from tests.web.passkeys.authenticator import Authenticator, add_passkey, sign_up

pytestmark = pytest.mark.anyio

PAGE = "/account/passkeys"
CODE = "/account/second-step/code"


async def with_codes(http: httpx.AsyncClient, server: RunningServer, email: str) -> list[str]:
    """Make an account whose password needs a passkey; its recovery codes."""
    await sign_up(http, email)
    await add_passkey(http, Authenticator(server.settings.public_origin))
    page = await Browser(http).submit(await Browser(http).open(PAGE), f"{PAGE}/require")
    return codes_on(await Browser(http).submit(page, f"{PAGE}/codes"))


def codes_on(page: Page) -> list[str]:
    """The codes on the page that shows them."""
    shown = page.soup.find("pre")
    assert shown is not None, page.text
    return shown.get_text().split()


async def first_step(http: httpx.AsyncClient, email: str) -> Page:
    """Give the password; the second step."""
    page = await Browser(http).open(SIGN_IN)
    return await Browser(http).submit(page, SIGN_IN, email=email, password=PASSWORD)


@pytest.mark.proves("""ac-recovery-codes SHOULD OWASP Multifactor Authentication Cheat Sheet; own rule
    Who loses their second factor has a way back that weakens nothing.
    Here: Ten codes of 80 bits, stored as hashes and shown once; each works once, after the password, is counted as an
    attempt, and ends every other session.""")
async def test_a_code_stands_in_once_for_a_lost_passkey_and_ends_other_sessions(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    codes = await with_codes(http, server, email)
    assert len(set(codes)) == 10
    async with server.browser() as laptop:
        step = await first_step(laptop, email)
        page = await Browser(laptop).submit(step, CODE, code=f" {codes[0].lower().replace('-', ' ')} ")
        assert page.title == "Your account"
        assert not await is_signed_in(http)
        page = await Browser(laptop).open(PAGE)
        assert "Codes left: 9." in page.text
    async with server.browser() as thief:
        page = await Browser(thief).submit(await first_step(thief, email), CODE, code=codes[0])
        assert page.status == 400
        assert "none of your codes, or it was used before" in page.text
        assert not await is_signed_in(thief)


async def test_an_app_stays_connected_after_a_recovery(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    codes = await with_codes(http, server, email)
    token = await connect(server, http, email)
    async with server.browser() as laptop:
        await Browser(laptop).submit(await first_step(laptop, email), CODE, code=codes[3])
    assert await server.grant_of(token) is not None


async def test_new_codes_end_the_earlier_ones(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    codes = await with_codes(http, server, email)
    fresh = codes_on(await Browser(http).submit(await Browser(http).open(PAGE), f"{PAGE}/codes"))
    async with server.browser() as laptop:
        step = await first_step(laptop, email)
        assert (await Browser(laptop).submit(step, CODE, code=codes[0])).status == 400
        assert (await Browser(laptop).submit(step, CODE, code=fresh[0])).title == "Your account"


@pytest.mark.proves("ac-reauthentication")
async def test_codes_are_shown_only_to_who_has_just_signed_in(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await with_codes(http, server, email)
    page = await Browser(http).open(PAGE)
    server.clock.move(minutes=11)
    assert (await Browser(http).submit(page, f"{PAGE}/codes")).title == "Is it you?"


@pytest.mark.proves("ac-recovery-codes")
async def test_the_code_of_somebody_else_and_a_code_without_the_password_are_worth_nothing(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await with_codes(http, server, email)
    async with server.browser() as attacker:
        theirs = await with_codes(attacker, server, f"attacker.{email}")
    async with server.browser() as attacker:
        step = await first_step(attacker, email)
        for wrong in (theirs[0], "", "é", "A" * 40):
            assert (await Browser(attacker).submit(step, CODE, code=wrong)).status == 400, wrong
        assert not await is_signed_in(attacker)
    async with server.browser() as attacker:
        await Browser(attacker).open(SIGN_IN)
        assert (await attacker.post(CODE, data={"code": theirs[0]})).status_code == 400


@pytest.mark.proves("ac-guessing")
async def test_guesses_of_codes_wait(settings: Settings, engine: Engine, email: str) -> None:
    server = await start(settings.model_copy(update={"limits": True}), engine)
    async with server.browser() as http:
        codes = await with_codes(http, server, email)
        server.clock.move(minutes=1)
        async with server.browser() as attacker:
            step = await first_step(attacker, email)
            tried = [(await Browser(attacker).submit(step, CODE, code="AAAA")).status for _ in range(7)]
            assert tried == [400] * 6 + [429]
            assert (await Browser(attacker).submit(step, CODE, code=codes[0])).status == 429
