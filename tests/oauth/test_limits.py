"""Limits over HTTP: who is refused, and who is not because of somebody else."""

import httpx
import pytest
from sqlalchemy import func, select

from app.db import Engine, transaction
from app.errors import Conflict
from app.households.tables import households
from app.limits.defaults import (
    AUTHORIZATIONS,
    CLIENT_FAILURES,
    FAILURES,
    TOKENS,
    TOKENS_OF_PERSON,
    TOKENS_OF_SERVICE_ACCOUNT,
)
from app.oauth.authorize import approve, endpoint
from app.oauth.credentials.api_keys import NewKey, create_api_key
from app.oauth.credentials.service_accounts import NewAccount, create_service_account
from app.oauth.grants import create
from app.oauth.tables import authorization_requests, refresh_tokens
from app.settings import Settings
from tests.audit.looking import recorded
from tests.factory import Factory
from tests.oauth.browser import Browser, Page, refresh_target
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, approved_code, redeem, refresh, register, tokens_for

pytestmark = pytest.mark.anyio


@pytest.fixture
async def limited(settings: Settings, engine: Engine) -> RunningServer:
    """With small limits, but for what signing up and registering takes."""
    return await start(
        settings, engine, rates={AUTHORIZATIONS: 3, CLIENT_FAILURES: 3, TOKENS: 2, TOKENS_OF_SERVICE_ACCOUNT: 2}
    )


def assert_told_to_wait(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 60


@pytest.mark.proves("""tk-brute-force MUST OAuth 2.1 §2.4.1, §7.7; RFC 6749 §2.3.1, §10.10
    Endpoints that check secrets are protected against guessing.
    Here: Secrets, codes and refresh tokens have 256 random bits. At the token, revocation and introspection endpoints
    failures are counted by client and address, and answered with 429 above the limit; what is right is not. Nothing is
    looked at from an address with 3,000 failures a minute.""")
async def test_failures_of_a_client_at_an_address_refuse_nothing_that_is_valid(
    limited: RunningServer, email: str
) -> None:
    async with limited.browser() as http:
        attempt, code = await approved_code(http, limited.url, email, duration="until-revoked")
        client_id = attempt.client_id
        for _ in range(5):
            nothing = {"client_id": client_id, "token": "nothing"}
            assert (await http.post("/oauth/revoke", data=nothing)).status_code == 200
        for _ in range(3):
            assert (await redeem(http, attempt, "slc_invented")).status_code == 400
        assert_told_to_wait(await redeem(http, attempt, "slc_invented"))
        tokens = (await redeem(http, attempt, code)).json()
        newest = await refresh(http, limited.url, client_id, tokens["refresh_token"])
        assert newest.status_code == 200
        ended = {"client_id": client_id, "token": newest.json()["refresh_token"]}
        assert (await http.post("/oauth/revoke", data=ended)).status_code == 200
        assert len(limited.revoked) == 1
        assert_told_to_wait(await refresh(http, limited.url, client_id, ended["token"]))


@pytest.mark.proves("tk-brute-force")
async def test_a_flood_from_one_address_is_not_looked_at(settings: Settings, engine: Engine, email: str) -> None:
    limited = await start(settings, engine, rates={FAILURES: 4})
    async with limited.browser() as http:
        mine = await tokens_for(http, limited.url, email)

        async def revoke(token: str) -> httpx.Response:
            return await http.post("/oauth/revoke", data={"client_id": mine["client_id"], "token": token})

        # The second one's grant has ended with the first: a host that tidies up is no flood.
        for token in (mine["refresh_token"], *[mine["access_token"]] * 3):
            assert (await revoke(token)).status_code == 200
        for number in range(2):
            assert (await redeem(http, Attempt(f"app_{number}", limited.url), "x")).status_code == 401
            assert (await revoke("nothing")).status_code == 200
        assert_told_to_wait(await redeem(http, Attempt("app_2", limited.url), "x"))
        assert_told_to_wait(await revoke("nothing"))


@pytest.mark.proves("""li-authorize SHOULD own rule
    Authorization requests of an address are limited.
    Here: They are limited by address, and few wait in one browser.""")
async def test_authorization_requests_of_an_address_are_limited(limited: RunningServer, engine: Engine) -> None:
    async with limited.browser() as http:
        attempt = Attempt((await register(http, limited.url))["client_id"], limited.url)
        for _ in range(3):
            assert (await http.get(attempt.url())).status_code == 303
            http.cookies.clear()
        refused = await http.get(attempt.url())
        assert_told_to_wait(refused)
        assert "Try again in" in refused.text
    async with transaction(engine) as connection:
        assert len((await connection.execute(select(authorization_requests.c.id))).all()) == 3


@pytest.mark.proves("li-authorize")
async def test_few_requests_wait_in_one_browser_and_the_newest_are_good(
    server: RunningServer, http: httpx.AsyncClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MOST_OPEN", 3)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    async with server.browser() as other:
        elsewhere = await Browser(other).open(attempt.url())
        tabs: list[Page] = []
        for _ in range(5):
            server.clock.move(seconds=1)
            tabs.append(await Browser(http).open(attempt.url()))
        async with transaction(server.engine) as connection:
            is_open = authorization_requests.c.used_at.is_(None)
            waiting = (await connection.execute(select(authorization_requests.c.id).where(is_open))).all()
        assert len(waiting) == 3 + 1
        for tab, status in zip(tabs, (400, 400, 200, 200, 200), strict=True):
            assert (await Browser(http).open(str(tab.response.url))).status == status
        assert (await Browser(other).open(str(elsewhere.response.url))).status == 200


@pytest.mark.proves("li-429")
async def test_the_tokens_of_a_grant_are_limited_and_a_refused_refresh_changes_nothing(
    limited: RunningServer, engine: Engine, email: str
) -> None:
    async with limited.browser() as http, limited.browser() as other:
        mine, hers = await tokens_for(http, limited.url, email), await tokens_for(other, limited.url, f"x{email}")
        client_id, newest = mine["client_id"], mine["refresh_token"]
        # Neither invented tokens nor another's use up what a grant may have.
        for wrong in (f"{newest}x", hers["refresh_token"]):
            assert (await refresh(http, limited.url, client_id, wrong)).status_code == 400
        for _ in range(2):
            newest = (await refresh(http, limited.url, client_id, newest)).json()["refresh_token"]
        refused = await refresh(http, limited.url, client_id, newest)
        assert_told_to_wait(refused)
        assert refused.json()["error"] == "temporarily_unavailable"
        async with transaction(engine) as connection:
            assert (await connection.execute(select(func.max(refresh_tokens.c.generation)))).scalar_one() == 3
        assert (await refresh(other, limited.url, hers["client_id"], hers["refresh_token"])).status_code == 200


async def test_many_grants_of_one_person_get_no_more_tokens_than_the_person(
    settings: Settings, engine: Engine, email: str
) -> None:
    limited = await start(settings, engine, rates={TOKENS_OF_PERSON: 2})
    async with limited.browser() as http:
        connected = [await tokens_for(http, limited.url, email) for _ in range(2)]
        first, second = [
            await refresh(http, limited.url, each["client_id"], each["refresh_token"]) for each in connected
        ]
        assert (first.status_code, second.status_code) == (200, 200)
        again = await refresh(http, limited.url, connected[0]["client_id"], first.json()["refresh_token"])
        assert_told_to_wait(again)


async def test_one_person_has_two_hundred_connections_at_most(
    server: RunningServer, http: httpx.AsyncClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (create, approve):
        monkeypatch.setattr(module, "MOST_CONNECTIONS", 1)
    await approved_code(http, server.url, email)
    async with transaction(server.engine) as connection:
        household = (await connection.execute(select(households.c.name))).scalar_one()
        with pytest.raises(Conflict):
            await create_api_key(connection, server.settings.resource, NewKey(email, household), server.clock())
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    page = await Browser(http).open(attempt.url())
    refused = await Browser(http).submit(page, "/oauth/consent", decision="approve")
    assert refused.status == 400
    assert "1 connections are the limit" in refused.text
    denied = await Browser(http).submit(refused, "/oauth/consent", decision="deny")
    assert "error=access_denied" in refresh_target(denied)


async def test_a_replayed_token_is_noticed_above_the_limit_too(limited: RunningServer, email: str) -> None:
    async with limited.browser() as http:
        mine = await tokens_for(http, limited.url, email)
        client_id, newest = mine["client_id"], mine["refresh_token"]
        for _ in range(2):
            newest = (await refresh(http, limited.url, client_id, newest)).json()["refresh_token"]
        assert (await refresh(http, limited.url, client_id, mine["refresh_token"])).status_code == 400
        assert "grant_contested" in [row["action"] for row in await recorded(limited.engine, limited.audit)]


async def test_the_tokens_of_a_service_account_are_limited_and_strangers_use_none_of_them_up(
    limited: RunningServer, engine: Engine, factory: Factory
) -> None:
    await factory.person("Ada")
    new_account = NewAccount("Robot", "Ada's household", "viewer", "client_secret_post")
    async with transaction(engine) as connection:
        account = await create_service_account(connection, limited.settings.resource, new_account, limited.clock())

    async def ask(secret: str | None) -> httpx.Response:
        credentials = {"client_id": account.client_id, "client_secret": secret or ""}
        return await http.post("/oauth/token", data={"grant_type": "client_credentials", **credentials})

    async with limited.browser() as http:
        assert (await ask("sls_guessed")).status_code == 401
        assert [(await ask(account.secret)).status_code for _ in range(2)] == [200, 200]
        assert_told_to_wait(await ask(account.secret))
