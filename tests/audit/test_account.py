"""What people do at their account's pages, and what else ends or asks about a grant, leaves its row too."""

from typing import Any

import httpx
import pytest

from app.audit.models import Action
from app.db import Engine, transaction
from app.limits.defaults import AUTHORIZATIONS, CLIENT_FAILURES, SIGN_INS
from app.oauth.signing.rotation import OLDEST, rotate_old_keys
from app.people.email_addresses import parse_email
from app.people.email_link_repository import make_link
from app.people.models import EmailLink
from app.people.repository import find_local_person
from app.settings import Settings
from tests.audit.looking import only
from tests.audit.test_oauth import rows
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import Mailing, RunningServer, email, http, mailing, server, start, tokens
from tests.oauth.test_introspection import ASKING, ask, let_in
from tests.web.account.pages import OTHER_PASSWORD, SIGN_IN, sign_in
from tests.web.account.test_reset import make_account

pytestmark = pytest.mark.anyio

__all__ = ["email", "http", "mailing", "server", "tokens"]


async def last(server: RunningServer, *names: str) -> tuple[Any, ...]:
    return only((await rows(server))[-1], *names)


async def test_signing_in_and_out_at_the_account(server: RunningServer, tokens: dict[str, Any], email: str) -> None:
    async with server.browser() as other:
        await sign_in(other, email, "wrong horse battery")
        assert await last(server, "action", "outcome", "person_id") == (Action.SIGN_IN, "invalid", None)
        assert (await rows(server))[-1]["email_hash"] == server.audit.email_hash(email)
        page = await sign_in(other, email)
        person_id = (await rows(server))[-1]["person_id"]
        assert person_id is not None
        assert await last(server, "action", "outcome") == (Action.SIGN_IN, "ok")
        page = await Browser(other).submit(page, "/account/sign-out")
        assert await last(server, "action", "person_id", "detail") == (Action.SIGN_OUT, person_id, None)
        page = await Browser(other).submit(page, SIGN_IN, email=email, password=PASSWORD)
        await Browser(other).submit(page, "/account/sign-out-everywhere")
        assert await last(server, "action", "person_id", "detail") == (Action.SIGN_OUT, person_id, "everywhere")


async def test_a_changed_password_and_one_that_is_refused(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    browser = Browser(http)
    page = await browser.open("/account")
    await browser.submit(page, "/account/password", password="wrong horse", new_password=OTHER_PASSWORD)
    assert await last(server, "action", "outcome") == (Action.PASSWORD_CHANGED, "invalid")
    await browser.submit(page, "/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
    assert await last(server, "action", "outcome") == (Action.PASSWORD_CHANGED, "ok")
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    assert {row["person_id"] for row in (await rows(server))[-2:]} == {grant.person_id}


@pytest.mark.proves("au-events")
async def test_what_is_refused_at_letters_and_their_links(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with transaction(server.engine) as connection:
        person = await find_local_person(connection, parse_email(email))
        assert person is not None
        reset = await make_link(connection, EmailLink("reset", email, person.id, mailed=True), server.clock())
        verify = await make_link(connection, EmailLink("verify", email, person.id, mailed=True), server.clock())
        new = await make_link(connection, EmailLink("sign_up", f"new.{email}", None, mailed=True), server.clock())
    known, newcomer = server.audit.email_hash(email), server.audit.email_hash(f"new.{email}")
    async with server.browser() as http:
        for path, fields, row in (
            (f"/account/verify?link={verify}", {"password": OTHER_PASSWORD}, (Action.ADDRESS_VERIFIED, known)),
            (f"/account/new-password?link={reset}", {"password": "password1"}, (Action.PASSWORD_RESET, known)),
            (f"/account/new?link={new}", {"password": "password1"}, (Action.SIGN_UP, newcomer)),
            ("/account/reset", {"email": "nobody"}, (Action.PASSWORD_RESET, server.audit.email_hash("nobody"))),
        ):
            page = await Browser(http).open(path)
            assert (await Browser(http).submit(page, path.partition("?")[0], **fields)).status == 400
            action, email_hash = row
            seen = only((await rows(server))[-1], "action", "outcome", "person_id", "email_hash")
            assert seen == (action, "invalid", None, email_hash), path


async def test_a_disconnected_app(server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    browser = Browser(http)
    await browser.submit(await browser.open("/access"), "/access/end")
    found = await last(server, "action", "person_id", "grant_id", "detail")
    assert found == (Action.GRANT_REVOKED, grant.person_id, grant.id, "disconnected_by_person")


async def test_a_question_about_a_token(server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    await let_in(server)
    before = len(await rows(server))
    await ask(http, tokens["access_token"])
    await ask(http, "nothing")
    await ask(http, "nothing", client_secret="wrong")
    asked = (await rows(server))[before:]
    assert sorted((row["action"], row["outcome"]) for row in asked) == [
        (Action.TOKEN_INTROSPECTED, outcome) for outcome in ("active", "inactive", "invalid_client")
    ]


async def test_what_is_asked_too_often(settings: Settings, engine: Engine) -> None:
    provided = settings.model_copy(update={"oidc_login_issuer": "https://login.example"})
    few = {CLIENT_FAILURES: 1, AUTHORIZATIONS: 0, SIGN_INS: 0}
    server = await start(provided, engine, rates=few)
    async with server.browser() as http:
        for status in (401, 429):
            assert (await ask(http, "nothing")).status_code == status
        assert (await http.post("/oauth/revoke", data={**ASKING, "token": "nothing"})).status_code == 429
        assert (await http.get("/oauth/authorize")).status_code == 429
        page = await Browser(http).open(SIGN_IN)
        assert (await Browser(http).submit(page, "/account/upstream")).status == 429
    found = [only(row, "action", "outcome", "detail") for row in await rows(server)]
    assert found == [
        (Action.TOKEN_INTROSPECTED, "invalid_client", None),
        (Action.TOKEN_INTROSPECTED, "limit", None),
        (Action.TOKEN_REFUSED, "limit", "revocation"),
        (Action.CONSENT, "limit", None),
        (Action.SIGN_IN, "limit", "upstream"),
    ]


async def test_a_key_that_is_replaced(server: RunningServer) -> None:
    server.clock.move(days=OLDEST.days + 1)
    async with transaction(server.engine) as connection:
        key = await rotate_old_keys(connection, server.keys.secret_key, server.clock())
    assert key is not None
    assert await last(server, "action", "detail") == (Action.KEY_ROTATED, key.kid)
