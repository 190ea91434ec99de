"""Limits over HTTP: who is refused, and who is not because of somebody else."""

import httpx
import pytest
from sqlalchemy import select

from app.config import Settings
from app.db import Engine, transaction
from app.oauth import authorize
from app.oauth.limits import PerMinute
from app.oauth.tables import authorization_requests
from tests.oauth.browser import Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, approved_code, redeem, register

pytestmark = pytest.mark.anyio


@pytest.fixture
async def limited(settings: Settings, engine: Engine) -> RunningServer:
    return await start(settings.model_copy(update={"limits": "on"}), engine)


def assert_told_to_wait(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 60


async def test_a_client_that_fails_keeps_no_other_client_of_its_address_out(limited: RunningServer, email: str) -> None:
    async with limited.browser() as http:
        attempt, code = await approved_code(http, limited.url, email)
        stale = Attempt((await register(http, limited.url))["client_id"], limited.url)
        for _ in range(120):
            assert (await redeem(http, stale, "slc_invented")).status_code == 400
        assert_told_to_wait(await redeem(http, stale, "slc_invented"))
        revoked = await http.post("/oauth/revoke", data={"client_id": stale.client_id, "token": "x"})
        assert_told_to_wait(revoked)
        assert (await redeem(http, attempt, code)).status_code == 200


async def test_changing_the_client_id_does_not_help_for_ever(settings: Settings, engine: Engine) -> None:
    is_on = settings.model_copy(update={"limits": "on"})
    limited = await start(is_on, engine, per_minute=PerMinute(failures_of_address=5))
    async with limited.browser() as http:
        for number in range(5):
            assert (await redeem(http, Attempt(f"app_{number}", limited.url), "x")).status_code == 401
        assert_told_to_wait(await redeem(http, Attempt("app_6", limited.url), "x"))


async def test_authorization_requests_of_an_address_are_limited(limited: RunningServer, engine: Engine) -> None:
    async with limited.browser() as http:
        attempt = Attempt((await register(http, limited.url))["client_id"], limited.url)
        for _ in range(120):
            assert (await http.get(attempt.url())).status_code == 303
            http.cookies.clear()
        refused = await http.get(attempt.url())
        assert_told_to_wait(refused)
        assert "Try again in" in refused.text
    async with transaction(engine) as connection:
        assert len((await connection.execute(select(authorization_requests.c.id))).all()) == 120


async def test_few_requests_wait_in_one_browser_and_the_newest_are_good(
    server: RunningServer, http: httpx.AsyncClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorize, "MOST_OPEN", 3)
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
