"""Choosing a new password by a link."""

from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from sqlalchemy import select

from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.access.local_callers import LocalCallers
from app.access.local_person import find_or_create_local_person
from app.db import Engine, transaction
from app.limits.rate_limit import RateLimiter
from app.oauth.tokens.verifier import TokenVerifier
from app.people import repository
from app.people.email_addresses import parse_email
from app.people.email_link_repository import make_link
from app.people.models import EmailLink
from app.people.tables import email_links, people
from app.pubsub import PubSub
from app.settings import Settings
from tests.mailbox import link_in
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import Mailing, RunningServer, start
from tests.web.account.pages import OTHER_PASSWORD, can_sign_in, connect, is_signed_in

pytestmark = pytest.mark.anyio

RESET, CHOOSE = "/account/reset", "/account/new-password"


async def ask(http: httpx.AsyncClient, email: str) -> Page:
    page = await Browser(http).open(RESET)
    return await Browser(http).submit(page, RESET, email=email)


async def link_for(server: RunningServer, email: str, *, mailed: bool = True) -> str:
    """Create a link without sending it, and return its path."""
    async with transaction(server.engine) as connection:
        person = await repository.find_local_person(connection, parse_email(email))
        assert person is not None
        secret = await make_link(connection, EmailLink("reset", email, person.id, mailed=mailed), server.clock())
    return f"{CHOOSE}?link={secret}"


async def is_verified(server: RunningServer, email: str) -> bool:
    async with transaction(server.engine) as connection:
        found = await connection.execute(select(people.c.email_verified_at).where(people.c.email == email))
        return found.scalar_one() is not None


async def make_account(server: RunningServer, email: str) -> None:
    """An account made while the service sent no e-mails."""
    without = await start(server.settings.model_copy(update={"smtp_host": None}), server.engine)
    async with without.browser() as http:
        await connect(without, http, email)


async def test_the_link_in_the_email_leads_to_a_new_password(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http:
        asked = await ask(http, email.upper())
        assert "If " in asked.text
        assert "Check your spam folder" in asked.text
        assert (await Browser(http).open(asked.link(RESET))).has_form(RESET)
        message = await mailing.box.next()
        assert message["To"] == email
        link = link_in(message)
        assert link.startswith(f"{server.url}{CHOOSE}?link=slm_")
        page = await Browser(http).open(link)
        assert email in page.text
        assert "ends your API keys" in page.text
        page = await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)
        assert page.title == "Your password has been changed"
        assert "your API keys have ended" in page.text
        assert "go back to the app" in page.text
        assert not await is_signed_in(http), "a link signs nobody in"
    assert await can_sign_in(server, email, OTHER_PASSWORD)
    assert not await can_sign_in(server, email, PASSWORD)
    assert await is_verified(server, email)


async def test_the_email_is_in_the_language_of_the_page_that_it_was_asked_for_on(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    for language, subject in (("de", "Wähle ein neues Passwort"), ("en", "Choose a new password")):
        async with server.browser() as http:
            http.headers["Accept-Language"] = language
            await ask(http, email)
            message = await mailing.box.next()
            assert message["Subject"] == subject
            assert link_in(message).startswith(f"{server.url}{CHOOSE}?link=")


async def test_known_and_unknown_addresses_get_the_same_answer(mailing: Mailing, email: str) -> None:
    server, unknown = mailing.server, f"x{email}"
    await make_account(server, email)
    async with server.browser() as http:
        for_unknown = await ask(http, unknown)
        for_known = await ask(http, email)
        assert for_known.status == for_unknown.status == 200
        assert for_unknown.response.text.replace(unknown, email) == for_known.response.text
        assert for_unknown.response.headers.keys() == for_known.response.headers.keys()
    assert (await mailing.box.next())["To"] == email, "e-mails are composed in turn, and the first was not sent"
    assert mailing.box.is_empty


async def test_the_response_does_not_wait_for_the_email(settings: Settings, engine: Engine, email: str) -> None:
    nowhere = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_from": "lists@example.org", "smtp_tls": "off"}
    server = await start(settings.model_copy(update=nowhere), engine)
    await make_account(server, email)
    async with server.browser() as http:
        assert (await ask(http, email)).status == 200  # the mailer is not running, so no e-mail is ever sent
    async with transaction(engine) as connection:
        assert (await connection.execute(select(email_links))).all() == [], (
            "not even the link is made before the answer"
        )


@pytest.mark.proves("""ac-reset MUST own rule
    A forgotten password is reset by a random, hashed link of 30 minutes that ends sessions and grants.
    Here: A link of 256 random bits, hashed, good once and for half an hour; a reset ends sessions and grants.""")
@pytest.mark.proves("""as-security-event SHOULD OAuth 2.1 §4.3.3; RFC 9700 §4.14.2
    A changed password ends what hangs on it.
    Here: Changing the password ends other sessions; a reset ends grants too.""")
async def test_a_reset_ends_sessions_grants_and_other_links(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    first, second = await link_for(server, email), await link_for(server, email)
    async with server.browser() as other:
        page = await Browser(other).open(second)
        await Browser(other).submit(page, CHOOSE, password=OTHER_PASSWORD)
        assert "no longer works" in (await Browser(other).open(first)).text
    assert not await is_signed_in(http)
    assert await server.grant_of(token) is None
    assert len(server.revoked) == 1


@pytest.mark.proves("ac-reset")
async def test_a_link_works_once_even_for_many_requests_at_once(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open(await link_for(server, email))
    titles: list[str] = []

    async def use(number: int) -> None:
        used = await Browser(http).submit(page, CHOOSE, password=f"{OTHER_PASSWORD} {number}")
        titles.append(used.title)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(use, number)
    assert titles.count("Your password has been changed") == 1
    # A person who arrives after the session has ended gets the form of another sign-in.
    assert {*titles} <= {"Your password has been changed", "This link no longer works", "This page is out of date"}
    again = await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)
    assert "out of date" in again.text


@pytest.mark.proves("ac-reset")
async def test_a_reset_link_works_for_half_an_hour(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    link = await link_for(server, email)
    server.clock.move(minutes=30, seconds=-1)
    page = await Browser(http).open(link)
    assert page.has_form(CHOOSE)
    server.clock.move(seconds=1)
    for late in (await Browser(http).open(link), await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)):
        assert late.title == "This link no longer works"
        assert "for half an hour" in late.text
        assert (await Browser(http).open(late.link(RESET))).title == "Forgot your password?"
    assert await can_sign_in(server, email, PASSWORD)


async def test_opening_a_link_or_a_weak_password_does_not_use_it_up(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    link = await link_for(server, email)
    for _ in range(3):
        assert (await http.get(link)).status_code == 200
    page = await Browser(http).open(link)
    for weak in ("short", "password1", email):
        page = await Browser(http).submit(page, CHOOSE, password=weak)
        assert page.status == 400
        assert page.soup.select_one("[role=alert]") is not None
    assert (await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)).title == "Your password has been changed"


@pytest.mark.parametrize("secret", ["", "slm_", "slm_" + "x" * 43, "x" * 5000, "\0", "\udfff"])
async def test_an_invented_link_does_not_work(http: httpx.AsyncClient, secret: str) -> None:
    for path in (CHOOSE, "/account/verify", "/account/new"):
        response = await http.get(path, params={"link": secret.encode("utf-8", "surrogatepass")})
        assert response.status_code == 400
        assert "no longer works" in response.text


async def test_a_link_works_only_for_its_purpose(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    link = await link_for(server, email)
    for path in ("/account/verify", "/account/new"):
        assert "no longer works" in (await Browser(http).open(link.replace(CHOOSE, path))).text


@pytest.mark.proves("ac-reset")
async def test_the_link_is_not_in_the_database(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    secret = parse_qs(urlsplit(await link_for(server, email)).query)["link"][0]
    async with transaction(server.engine) as connection:
        (row,) = (await connection.execute(select(email_links))).all()
    assert len(secret) >= 43
    assert all(secret.encode() not in value for value in row if isinstance(value, bytes))
    assert len(row.link_hash) == 32


@pytest.mark.proves("ac-guessing")
async def test_a_reset_ends_the_waits_of_the_owner_at_a_familiar_address(
    settings: Settings, engine: Engine, email: str
) -> None:
    server = await start(settings.model_copy(update={"limits": True}), engine)
    async with server.browser() as http:
        await connect(server, http, email)
    assert await can_sign_in(server, email, PASSWORD)
    async with server.browser() as http:
        page = await Browser(http).open("/account/sign-in")
        tries = [
            await Browser(http).submit(page, "/account/sign-in", email=email, password="wrong horse") for _ in range(7)
        ]
        assert tries[-1].status == 429
        page = await Browser(http).open(await link_for(server, email))
        await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)
    assert await can_sign_in(server, email, OTHER_PASSWORD)


async def test_without_a_mail_server_the_page_says_who_to_ask(http: httpx.AsyncClient) -> None:
    page = await Browser(http).open(RESET)
    assert "Ask the person who runs it" in page.text
    assert not page.has_form(RESET)


async def test_a_link_that_was_not_emailed_confirms_no_address(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open(await link_for(server, email, mailed=False))
    await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)
    assert not await is_verified(server, email)


@pytest.mark.proves("ac-letters")
async def test_emails_to_one_address_are_limited_and_each_has_a_working_link(mailing: Mailing, email: str) -> None:
    server = await start(mailing.server.settings.model_copy(update={"limits": True}), mailing.server.engine)
    await make_account(server, email)
    async with server.browser() as http, server.mailer.running():
        answers = [await ask(http, email) for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 4 + [429]
        assert (
            "already sent messages to this address. Check your spam folder, or ask again in a minute."
            in answers[-1].text
        )
        for _ in range(4):
            assert (await Browser(http).open(link_in(await mailing.box.next()))).has_form(CHOOSE)
        server.clock.move(minutes=1)
        assert (await ask(http, email)).status == 200


async def test_somebody_without_a_password_gets_their_first_and_their_desktop_apps_go_on(
    server: RunningServer, email: str
) -> None:
    person_id = await find_or_create_local_person(server.engine, email)
    assert server.settings.database_url is not None
    cache = GrantCache(PubSub(server.settings.database_url.get_secret_value()))
    limiter = RateLimiter("memory://", enabled=False)
    authenticator = Authenticator(server.engine, TokenVerifier(server.settings.resource, []), cache, limiter)
    callers = LocalCallers(server.engine, authenticator, person_id, server.settings.resource)
    caller = await callers.find("claude-ai")
    assert caller is not None
    assert not await can_sign_in(server, email, OTHER_PASSWORD)
    async with server.browser() as http:
        page = await Browser(http).open(await link_for(server, email, mailed=False))
        page = await Browser(http).submit(page, CHOOSE, password=OTHER_PASSWORD)
        assert page.title == "Your password has been changed"
    assert await can_sign_in(server, email, OTHER_PASSWORD)
    assert await callers.find("claude-ai") == caller
