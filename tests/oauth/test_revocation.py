"""The revocation endpoint."""

import asyncio
from typing import Any

import httpx
import pytest

from app.db import transactions
from app.db.engine import Driver
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import approved_code, redeem, refresh, register

pytestmark = pytest.mark.anyio


async def revoke(http: httpx.AsyncClient, **data: str) -> httpx.Response:
    return await http.post("/oauth/revoke", data=data)


@pytest.mark.proves("""rv-refresh MUST RFC 7009 §2.1
    Refresh tokens can be revoked, and the access tokens of the grant with them.
    Here: Either kind ends the whole grant. A service account's token ends all its tokens, and the account gets new
    ones.""")
@pytest.mark.proves("""rv-hint MUST RFC 7009 §2.1
    A wrong token_type_hint is no obstacle.
    Here: Hints are ignored.""")
@pytest.mark.proves("tk-no-store")
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_a_client_ends_its_grant_by_either_token(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any], kind: str
) -> None:
    response = await revoke(http, client_id=tokens["client_id"], token=tokens[kind], token_type_hint="nonsense")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["cache-control"] == "no-store"
    assert await server.grant_of(tokens["access_token"]) is None
    assert len(server.revoked) == 1
    assert (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).status_code == 400
    assert (await revoke(http, client_id=tokens["client_id"], token=tokens[kind])).status_code == 200


@pytest.mark.proves("""rv-invalid-200 MUST RFC 7009 §2.2
    An unknown token is answered 200.
    Here: It is.""")
async def test_a_token_that_is_none_is_answered_alike(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    forged = tokens["access_token"][:-6] + "AAAAAA"
    for token in ("nonsense", "slr_x_y", "a.b.c", forged, tokens["refresh_token"] + "0"):
        assert (await revoke(http, client_id=tokens["client_id"], token=token)).status_code == 200
    assert await server.grant_of(tokens["access_token"]) is not None


@pytest.mark.proves("""rv-client MUST RFC 7009 §2.1
    Who revokes is authenticated, and a token of another client is refused.
    Here: Another client gets 400 and ends nothing; an unknown one 401.""")
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_another_client_is_refused_and_ends_nothing(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any], kind: str
) -> None:
    other = await register(http, server.url)
    response = await revoke(http, client_id=other["client_id"], token=tokens[kind])
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert await server.grant_of(tokens["access_token"]) is not None


@pytest.mark.proves("rv-client")
async def test_an_unknown_client_is_refused(http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    for client in ({}, {"client_id": "app_unknown"}):
        response = await revoke(http, token=tokens["refresh_token"], **client)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_a_request_without_token_is_refused(http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    response = await revoke(http, client_id=tokens["client_id"])
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("how", ["revoke", "replay"])
async def test_caches_hear_of_it_also_when_the_request_is_given_up_while_it_is_stored(
    server: RunningServer, http: httpx.AsyncClient, email: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    tokens = (await redeem(http, attempt, code)).json()

    async def end() -> None:
        if how == "revoke":
            await revoke(http, client_id=attempt.client_id, token=tokens["refresh_token"])
        else:
            await redeem(http, attempt, code)

    send = transactions._send  # pyright: ignore[reportPrivateUsage]

    async def giving_up(driver: Driver, message: str) -> str:
        if message == "COMMIT" and await driver.fetchval("SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL"):
            task.cancel()
        return await send(driver, message)

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "_send", giving_up)
        task = asyncio.ensure_future(end())
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(server.revoked) == 1
    assert await server.grant_of(tokens["access_token"]) is None
