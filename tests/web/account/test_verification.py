"""Proving that an address is its person's, and what becomes of accounts that somebody else has made with it."""

import httpx
import pytest
from babel.dates import format_date
from sqlalchemy import select

from app.audit.models import Action
from app.db import new_id, transaction
from app.limits.defaults import SIGN_INS
from app.oauth.external.people import find_or_create_person
from app.oauth.tables import grants
from app.people.email_addresses import parse_email
from app.people.identities import Identity
from app.people.repository import find_local_person, set_verified
from app.people.session_repository import open_session
from tests.audit.looking import only, recorded
from tests.mailbox import link_in
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import Mailing, RunningServer, start
from tests.oauth.tokens import Attempt, code_of, redeem, register
from tests.web.account.pages import OTHER_PASSWORD, can_sign_in, connect, is_signed_in, sign_in
from tests.web.account.test_reset import ask, is_verified, make_account

pytestmark = pytest.mark.anyio

PROOF, VERIFY, CONSENT = "/account/proof", "/account/verify", "/oauth/consent"


async def proof_link(mailing: Mailing, http: httpx.AsyncClient, email: str) -> str:
    """Have the link sent, after signing in where that was not done."""
    page = await Browser(http).open("/account") if await is_signed_in(http) else await sign_in(http, email)
    assert "not confirmed" in page.text
    page = await Browser(http).submit(page, PROOF)
    assert page.title == "Check your email"
    assert (await Browser(http).open(page.link("/account"))).has_form(PROOF)
    message = await mailing.box.next()
    assert message["To"] == email
    return link_in(message)


@pytest.mark.proves("""ac-verify-email SHOULD own rule
    Addresses are verified before anything depends on them.
    Here: Where e-mails can be sent, link and password prove an address before an app may manage a household for its
    person; until then it is a login name.""")
async def test_link_and_password_confirm_the_address(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http, server.browser() as phone:
        link = await proof_link(mailing, http, email)
        page = await Browser(phone).open(link)
        page = await Browser(phone).submit(page, VERIFY, password=PASSWORD)
        assert page.title == "Your address is confirmed"
        assert "earlier API keys have ended" in page.text
        page = await sign_in(phone, email)
        assert f"confirmed on {format_date(server.clock(), locale='en')}" in page.text
        assert not page.has_form(PROOF)
        assert "no longer works" in (await Browser(phone).open(link)).text


async def test_asking_for_the_link_counts_like_a_sign_in(mailing: Mailing, email: str) -> None:
    await make_account(mailing.server, email)
    limited = await start(mailing.server.settings, mailing.server.engine, rates={SIGN_INS: 1})
    async with limited.browser() as http:
        page = await Browser(http).submit(await sign_in(http, email), PROOF)
        assert page.status == 429
        assert "Too many attempts" in page.text


@pytest.mark.proves("ac-prehijack")
async def test_the_first_verification_ends_earlier_sessions_grants_and_links(mailing: Mailing, email: str) -> None:
    server = mailing.server
    without = await start(server.settings.model_copy(update={"smtp_host": None}), server.engine)
    async with without.browser() as http, server.browser() as other:
        token = await connect(without, http, email)
        link = await proof_link(mailing, other, email)
        second = await proof_link(mailing, other, email)
        page = await Browser(other).open(link)
        await Browser(other).submit(page, VERIFY, password=PASSWORD)
        assert not await is_signed_in(http)
        assert not await is_signed_in(other)
        assert await server.grant_of(token) is None
        assert len(server.revoked) == 1
        assert "no longer works" in (await Browser(other).open(second)).text


async def test_a_link_without_the_password_confirms_nothing(mailing: Mailing, email: str) -> None:
    """Who reads the mailbox and did not make the account must not make another's password good."""
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http, server.browser() as owner:
        link = await proof_link(mailing, http, email)
        page = await Browser(owner).open(link)
        page = await Browser(owner).submit(page, VERIFY, password="wrong horse battery")
        assert page.status == 400
        assert page.has_form(VERIFY)
        assert not await is_verified(server, email)
        assert await is_signed_in(http)


@pytest.mark.proves("ac-verify-email")
async def test_an_unconfirmed_address_cannot_let_an_app_manage_the_household(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http:
        client = (await register(http, server.url))["client_id"]
        attempt = Attempt(client, server.url, scope="household:manage")
        page = await Browser(http).sign_in(attempt.url(), email)
        assert page.form(CONSENT).select("[value=manage]")[0].has_attr("disabled")
        assert page.fields(CONSENT)["level"] == ["change"]
        assert page.link("/account") == "/account"
        forged = await Browser(http).submit(page, CONSENT, decision="approve", level="manage")
        assert forged.status == 400
        assert "Confirm your address" in forged.text
        (row,) = (await recorded(server.engine, server.audit, Action.CONSENT))[1:]
        assert only(row, "outcome", "client_id", "grant_id") == ("invalid", client, None)
        async with transaction(server.engine) as connection:
            assert (await connection.execute(select(grants.c.id).where(grants.c.client_id == client))).all() == []
        code = code_of(await Browser(http).approve(forged, level=None))
        assert (await redeem(http, attempt, code)).json()["scope"] == "lists:read lists:write"
        async with transaction(server.engine) as connection:
            person = await find_local_person(connection, parse_email(email))
            assert person is not None
            await set_verified(connection, person.id, server.clock())
        page = await Browser(http).open(attempt.url())
        assert page.fields(CONSENT)["level"] == ["manage"]
        code = code_of(await Browser(http).approve(page))
        assert (await redeem(http, attempt, code)).json()["scope"] == "lists:read lists:write household:manage"


async def test_people_of_a_provider_need_not_confirm_an_address(mailing: Mailing) -> None:
    server, household_id = mailing.server, new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        ada = Identity("https://login.example.org", "ada", "Ada")
        person = await find_or_create_person(connection, ada, household_id, server.clock())
        cookie = await open_session(connection, person.id, server.clock())
    async with server.browser() as http:
        http.cookies.set("shopping_session", cookie)
        client = (await register(http, server.url))["client_id"]
        page = await Browser(http).open(Attempt(client, server.url, scope="household:manage").url())
        assert page.fields(CONSENT)["level"] == ["manage"]
        assert "confirm your address" not in page.text


async def test_opening_the_link_confirms_nothing(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http:
        link = await proof_link(mailing, http, email)
        for _ in range(3):
            assert (await http.get(link)).status_code == 200
        assert not await is_verified(server, email)


async def test_a_verification_link_works_for_a_day(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http:
        link = await proof_link(mailing, http, email)
        server.clock.move(hours=24)
        assert "no longer works" in (await Browser(http).open(link)).text


@pytest.mark.proves("""ac-prehijack MUST own rule
    Who signs up with another's address keeps nothing once its owner proves it.
    Here: The first proof of an address ends what was there before: sessions, grants and links.""")
async def test_a_false_owner_keeps_nothing_once_the_real_one_resets_the_password(mailing: Mailing, email: str) -> None:
    """Pre-hijacking: an account made with the victim's address while the service sent no e-mails."""
    server = mailing.server
    without: RunningServer = await start(server.settings.model_copy(update={"smtp_host": None}), server.engine)
    async with without.browser() as before, server.browser() as attacker, server.browser() as victim:
        token = await connect(without, before, email)
        page = await sign_in(attacker, email)
        await Browser(attacker).submit(page, PROOF)
        planted = link_in(await mailing.box.next())
        await ask(victim, email)
        page = await Browser(victim).open(link_in(await mailing.box.next()))
        await Browser(victim).submit(page, "/account/new-password", password=OTHER_PASSWORD)
        assert not await is_signed_in(before)
        assert not await is_signed_in(attacker)
        assert await server.grant_of(token) is None
        assert "no longer works" in (await Browser(attacker).open(planted)).text
        assert await can_sign_in(server, email, OTHER_PASSWORD)
        assert not await can_sign_in(server, email, PASSWORD)
        assert await is_verified(server, email)
