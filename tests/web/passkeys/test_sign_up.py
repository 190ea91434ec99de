"""Accounts without a password: made with a passkey, and got back with a recovery code."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.routing import Route

from app.db import Engine
from app.settings import Settings
from tests.mailbox import link_in
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import Mailing, RunningServer, start
from tests.oauth.tokens import Attempt, register
from tests.web.account.pages import can_sign_in, is_signed_in
from tests.web.passkeys.authenticator import Authenticator, sign_in, sign_up
from tests.web.passkeys.test_recovery import codes_on, with_codes

pytestmark = pytest.mark.anyio

SIGN_UP = "/account/sign-up"
FORM = "/account/sign-up/passkey"
RECOVERY = "/account/recovery"


@pytest.fixture
def device(server: RunningServer) -> Authenticator:
    """A phone."""
    return Authenticator(server.settings.public_origin)


async def make_key(http: httpx.AsyncClient, page: Page, path: str, device: Authenticator, email: str) -> str:
    """Do what the script does: ask for the options of a new passkey, and have the device make it."""
    form = page.form(path)
    data = {"form_token": str(form["data-token"]), "purpose": str(form["data-passkey"]), "email": email}
    response = await http.post(str(form["data-question"]), data=data)
    assert response.status_code == 200, response.text
    options = response.json()
    assert options["user"]["name"] == email
    return device.make(options)


async def sign_up_by_passkey(
    http: httpx.AsyncClient, device: Authenticator, email: str, url: str = SIGN_UP, path: str = FORM
) -> Page:
    """Make an account with a passkey; the page that follows."""
    page = await Browser(http).open(url)
    return await Browser(http).submit(
        page, path, credential=await make_key(http, page, path, device, email), email=email, name="Ada"
    )


async def recover(http: httpx.AsyncClient, email: str, code: str) -> Page:
    """Sign in with a recovery code; the page that follows."""
    page = await Browser(http).open(RECOVERY)
    return await Browser(http).submit(page, RECOVERY, email=email, code=code)


@pytest.mark.proves("""ac-passkey-account SHOULD OWASP Authentication Cheat Sheet (Passwordless); own rule
    An account needs no password, and its owner has a second way in all the same.
    Here: A passkey, ten recovery codes and the account are stored together or not at all, and the codes are shown once.
    A code alone signs in once, only where there is no password, is counted like a password, and ends other
    sessions.""")
async def test_an_account_is_made_with_a_passkey_alone_and_its_codes_are_the_other_way_in(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    page = await sign_up_by_passkey(http, device, email)
    codes = codes_on(page)
    assert len(set(codes)) == 10
    assert "has no password" in page.text
    assert await is_signed_in(http)
    async with server.browser() as laptop:
        assert (await sign_in(laptop, device)).title == "Your account", "the device knows whose key it is"
    assert not await can_sign_in(server, email, PASSWORD)
    async with server.browser() as laptop:
        page = await recover(laptop, email.upper(), codes[0].lower())
        assert page.title == "Your account"
        assert not await is_signed_in(http)
    async with server.browser() as thief:
        assert (await recover(thief, email, codes[0])).status == 400
        assert not await is_signed_in(thief)


async def test_the_last_passkey_stays_while_there_is_no_password(
    http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up_by_passkey(http, device, email)
    page = await Browser(http).open("/account/passkeys")
    page = await Browser(http).submit(page, "/account/passkeys/remove")
    assert page.status == 400
    assert "only way in which you can sign in" in page.text
    codes = await Browser(http).submit(page, "/account/passkeys/codes")
    assert "has no password" in codes.text


async def test_an_app_gets_its_code_after_signing_up_with_a_passkey(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    page = await browser.open(attempt.url())
    link = page.soup.find("a", href=lambda href: href is not None and "/oauth/sign-up" in href)
    assert link is not None
    page = await sign_up_by_passkey(http, device, email, str(link["href"]), "/oauth/sign-up/passkey")
    onward = page.soup.select_one("main a.button")
    assert onward is not None
    consent = await browser.open(str(onward["href"]))
    assert "code" in parse_qs(urlsplit(await browser.approve(consent)).query)


async def test_an_answer_makes_one_account_and_only_in_the_browser_that_was_asked(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    page = await Browser(http).open(SIGN_UP)
    credential = await make_key(http, page, FORM, device, email)
    async with server.browser() as thief:
        theirs = await Browser(thief).open(SIGN_UP)
        answer = await Browser(thief).submit(theirs, FORM, credential=credential, email=f"thief.{email}")
        assert answer.status == 400
        assert not await is_signed_in(thief)
    cookie = dict(http.cookies)
    assert codes_on(await Browser(http).submit(page, FORM, credential=credential, email=email))
    for again in (email, f"other.{email}"):
        async with server.browser() as twice:
            twice.cookies.update(cookie)
            answer = await Browser(twice).submit(page, FORM, credential=credential, email=again)
            assert answer.status == 400
            assert not await is_signed_in(twice)
    async with server.browser() as laptop:
        assert email in (await sign_in(laptop, device)).text


async def test_an_address_that_is_taken_gets_no_passkey(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up(http, email)
    async with server.browser() as stranger:
        page = await sign_up_by_passkey(stranger, device, email.upper().lower())
        assert page.status == 400
        assert "can't be used for a new account" in page.text
        assert not await is_signed_in(stranger)
        assert (await sign_in(stranger, device)).status == 400
    assert await can_sign_in(server, email, PASSWORD)


@pytest.mark.parametrize("wrong", ["", "{}", "[" * 2000, "é"])
async def test_what_is_no_passkey_makes_no_account(http: httpx.AsyncClient, email: str, wrong: str) -> None:
    page = await Browser(http).open(SIGN_UP)
    page = await Browser(http).submit(page, FORM, credential=wrong, email=email)
    assert page.status == 400
    assert not await is_signed_in(http)


async def test_an_address_that_is_none_is_refused_before_the_device_is_asked(http: httpx.AsyncClient) -> None:
    form = (await Browser(http).open(SIGN_UP)).form(FORM)
    data = {"form_token": str(form["data-token"]), "purpose": "add", "email": "nobody"}
    assert (await http.post(str(form["data-question"]), data=data)).status_code == 400


@pytest.mark.proves("ac-passkey-account")
async def test_a_code_alone_is_worth_nothing_where_there_is_a_password_and_says_nothing_of_accounts(
    server: RunningServer, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    codes = await with_codes(http, server, email)
    async with server.browser() as other:
        theirs = codes_on(await sign_up_by_passkey(other, device, f"other.{email}"))
    said: set[str] = set()
    for tried, code in ((email, codes[0]), (email, theirs[0]), (f"other.{email}", codes[0]), (f"no.{email}", "AAAA")):
        async with server.browser() as attacker:
            page = await recover(attacker, tried, code)
            alert = page.soup.select_one("[role=alert]")
            assert page.status == 400
            assert alert is not None
            said.add(alert.get_text())
            assert not await is_signed_in(attacker)
    assert len(said) == 1
    assert await is_signed_in(http)
    async with server.browser() as owner:
        assert (await recover(owner, f"other.{email}", theirs[0])).title == "Your account"


@pytest.mark.proves("ac-passkey-account")
async def test_guesses_of_codes_alone_wait_alike_whether_there_is_an_account_or_not(
    settings: Settings, engine: Engine, email: str
) -> None:
    server = await start(settings.model_copy(update={"limits": True}), engine)
    async with server.browser() as http:
        codes = codes_on(await sign_up_by_passkey(http, Authenticator(server.settings.public_origin), email))
    for tried in (email, f"no.{email}"):
        server.clock.move(minutes=10)
        async with server.browser() as attacker:
            assert [(await recover(attacker, tried, "AAAA")).status for _ in range(7)] == [400] * 6 + [429]
            assert (await recover(attacker, tried, codes[0])).status == 429


async def test_behind_an_e_mailed_link_a_passkey_is_chosen_instead_of_a_password(mailing: Mailing, email: str) -> None:
    server, path = mailing.server, "/account/new/passkey"
    device = Authenticator(server.settings.public_origin)
    async with server.browser() as http:
        page = await Browser(http).open(SIGN_UP)
        assert not page.has_form(FORM)
        assert (await http.post(FORM, data=page.fields(SIGN_UP))).status_code == 400
        await Browser(http).submit(page, SIGN_UP, email=email)
        link = link_in(await mailing.box.next())
        page = await Browser(http).open(link)
        refused = await Browser(http).submit(page, path, credential="{}")
        assert refused.status == 400
        page = await Browser(http).open(link)
        credential = await make_key(http, page, path, device, email)
        codes = codes_on(await Browser(http).submit(page, path, credential=credential))
        account = await Browser(http).open("/account")
        assert ", confirmed on" in account.text
        assert (await http.get(link)).status_code == 400, "the link is used up"
    async with server.browser() as laptop:
        assert (await sign_in(laptop, device)).title == "Your account"
    async with server.browser() as laptop:
        assert (await recover(laptop, email, codes[9])).title == "Your account"


async def test_an_address_from_a_time_without_e_mail_is_to_be_confirmed_without_a_password_too(
    mailing: Mailing, http: httpx.AsyncClient, email: str, device: Authenticator
) -> None:
    await sign_up_by_passkey(http, device, email)
    server = mailing.server
    async with server.browser() as later:
        await sign_in(later, device)
        assert ", not confirmed" in (await Browser(later).open("/account")).text
        client = (await register(later, server.url))["client_id"]
        page = await Browser(later).open(Attempt(client, server.url, scope="household:manage").url())
        assert page.form("/oauth/consent").select("[value=manage]")[0].has_attr("disabled")


async def test_without_passwords_nobody_signs_up_here_with_a_passkey_either(settings: Settings, engine: Engine) -> None:
    server = await start(settings.model_copy(update={"password_sign_in": False}), engine)
    paths = {each.path for each in server.app.routes if isinstance(each, Route)}
    assert FORM not in paths
    async with server.browser() as http:
        assert (await http.get(RECOVERY)).status_code == 404
