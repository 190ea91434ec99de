"""Refresh tokens: rotation, the window for lost answers, theft."""

from typing import Any

import anyio
import httpx
import jwt
import pytest
from sqlalchemy import select

from app.crypto.tokens import REFRESH_TOKEN_PREFIX
from app.db import transaction
from app.oauth.tables import grants, refresh_tokens
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import approved_code, redeem, refresh, register

pytestmark = pytest.mark.anyio


async def use(
    http: httpx.AsyncClient, tokens: dict[str, Any], refresh_token: str | None = None, **more: str
) -> httpx.Response:
    base = jwt.decode(tokens["access_token"], options={"verify_signature": False})["iss"]
    return await refresh(http, base, tokens["client_id"], refresh_token or tokens["refresh_token"], **more)


async def rotate(http: httpx.AsyncClient, tokens: dict[str, Any], refresh_token: str | None = None) -> str:
    """Use a refresh token; the next one."""
    response = await use(http, tokens, refresh_token)
    assert response.status_code == 200, response.text
    return response.json()["refresh_token"]


def assert_refused(response: httpx.Response, error: str = "invalid_grant") -> None:
    assert (response.status_code, response.json()["error"]) == (400, error)


async def reason(server: RunningServer) -> str | None:
    async with transaction(server.engine) as connection:
        return (await connection.execute(select(grants.c.revoked_because))).scalar_one()


@pytest.mark.proves("""tk-no-store MUST OAuth 2.1 §3.2.3; RFC 6749 §5.1
    Answers with tokens or credentials are no-store.
    Here: Token, revocation and registration answers are.""")
@pytest.mark.proves("""rt-rotation MUST MCP security-considerations (Token Theft); OAuth 2.1 §4.3.1;
    RFC 9700 §2.2.2, §4.14.2
    Refresh tokens of public clients are rotated, and a reused one ends the grant.
    Here: Each use gives the next one; any known one out of turn revokes the grant.""")
async def test_each_use_gives_the_next_one(
    http: httpx.AsyncClient, server: RunningServer, tokens: dict[str, Any]
) -> None:
    response = await use(http, tokens)
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert answer["refresh_token"].startswith("slr_")
    assert answer["refresh_token"] != tokens["refresh_token"]
    assert answer["access_token"] != tokens["access_token"]
    assert answer["scope"] == tokens["scope"]
    assert await server.grant_of(answer["access_token"]) is not None
    third = await rotate(http, tokens, answer["refresh_token"])
    assert await rotate(http, tokens, third)


@pytest.mark.proves("""rt-no-fork MUST own rule; RFC 9700 §4.14.2
    The window for lost answers never gives two valid successors.
    Here: The successor is derived from the presented token, so it is the same one.""")
async def test_a_burst_of_one_token_gives_one_successor_and_the_session_survives(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    answers: list[httpx.Response] = []

    async def one() -> None:
        answers.append(await use(http, tokens))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(one)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == 16
    assert await rotate(http, tokens, answers[0].json()["refresh_token"])
    assert await reason(server) is None


async def test_a_lost_answer_is_given_again_for_two_minutes(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    server.clock.move(seconds=120)
    assert await rotate(http, tokens) == successor
    assert await rotate(http, tokens, successor) != successor
    assert await reason(server) is None


@pytest.mark.proves("rt-rotation")
async def test_after_the_window_a_used_token_ends_the_grant(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    server.clock.move(seconds=121)
    assert_refused(await use(http, tokens))
    assert await reason(server) == "refresh_token_replayed"
    assert len(server.revoked) == 1
    assert_refused(await use(http, tokens, successor))
    assert await server.grant_of(tokens["access_token"]) is None


@pytest.mark.proves("rt-rotation")
async def test_within_the_window_an_older_token_ends_the_grant(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    third = await rotate(http, tokens, await rotate(http, tokens))
    assert_refused(await use(http, tokens))
    assert await reason(server) == "refresh_token_replayed"
    assert_refused(await use(http, tokens, third))


@pytest.mark.proves("rt-no-fork")
async def test_the_thief_and_the_owner_can_not_both_go_on(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    stolen = await rotate(http, tokens)
    thieves = await rotate(http, tokens, stolen)
    assert await rotate(http, tokens, stolen) == thieves  # the owner, within the window: no second branch
    server.clock.move(minutes=15)
    owners_next = await rotate(http, tokens, thieves)
    server.clock.move(minutes=15)
    assert_refused(await use(http, tokens, thieves))
    assert_refused(await use(http, tokens, owners_next))
    assert await reason(server) == "refresh_token_replayed"


@pytest.mark.proves("""rt-integrity MUST OAuth 2.1 §4.3.1; RFC 9700 §4.14.2
    A family id in the token can't be used to harm that family.
    Here: An invented secret with a real family id touches nothing.""")
async def test_an_invented_secret_of_a_real_family_touches_nothing(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    prefix, family, secret = tokens["refresh_token"].split("_", 2)
    invented = [
        f"{prefix}_{family}_{secret[:-1]}",
        f"{prefix}_{family}_{'0' * 64}",
        f"{prefix}_{family.upper()}_{secret}",
    ]
    invented += [f"{prefix}_{family}_", f"{prefix}_{family}", f"{prefix}_{'f' * 32}_{secret}", f"{prefix}_{'g' * 32}_x"]
    for token in [*invented, "slr", "slr__", "x", tokens["access_token"], f"{tokens['refresh_token']} "]:
        assert_refused(await use(http, tokens, token))
    assert await reason(server) is None
    assert await rotate(http, tokens)


@pytest.mark.proves("""rt-bound-client MUST OAuth 2.1 §4.3; RFC 6749 §6, §10.4
    A refresh token is valid for its client only.
    Here: Another client is refused, and nothing is touched.""")
async def test_another_client_touches_nothing(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    other = await register(http, server.url)
    for token in (tokens["refresh_token"], successor):
        assert_refused(await use(http, {**tokens, "client_id": other["client_id"]}, token))
    server.clock.move(minutes=15)
    assert_refused(await use(http, {**tokens, "client_id": other["client_id"]}))
    assert await reason(server) is None
    assert await rotate(http, tokens, successor)


@pytest.mark.proves("""rt-scope-identical MUST OAuth 2.1 §4.3.3; RFC 6749 §6
    A new refresh token has the scope of the old one.
    Here: A narrower request narrows the access token only.""")
async def test_a_narrower_scope_narrows_that_access_token_only(http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    narrowed = (await use(http, tokens, scope="lists:read")).json()
    assert narrowed["scope"] == "lists:read"
    assert jwt.decode(narrowed["access_token"], options={"verify_signature": False})["scope"] == "lists:read"
    whole = (await use(http, tokens, narrowed["refresh_token"])).json()
    assert whole["scope"] == "lists:read lists:write"


@pytest.mark.proves("""rt-scope-bound MUST OAuth 2.1 §3.2.3, §4.3.1; RFC 9700 §4.14.2; RFC 6749 §6
    A refresh never gives more than was approved.
    Here: The approved scopes among those asked; a wider request is narrowed instead of refused, by decision 7.""")
async def test_a_wider_scope_gives_no_more_than_was_approved(http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    answer = (await use(http, tokens, scope="lists:read lists:write household:manage offline_access")).json()
    assert answer["scope"] == "lists:read lists:write"


@pytest.mark.proves("""rt-resource MUST RFC 8707 §2.2
    The resource of a refresh is the approved one.
    Here: Another one is invalid_target and does not rotate.""")
async def test_an_unknown_scope_or_another_resource_does_not_rotate(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    assert_refused(await use(http, tokens, scope="openid"), "invalid_scope")
    assert_refused(await use(http, tokens, resource="https://other.example"), "invalid_target")
    server.clock.move(minutes=15)
    assert (await use(http, tokens, resource=f"{server.url}/mcp")).status_code == 200


@pytest.mark.proves("""tk-expires-in SHOULD OAuth 2.1 §3.2.3
    The response says how long the token is valid.
    Here: `expires_in` is the time that is left.""")
@pytest.mark.proves("""rt-live-grant MUST OAuth 2.1 §4.3.1
    The grant behind a refresh token must still be active.
    Here: A revoked or expired grant is invalid_grant.""")
async def test_the_grants_end_is_the_end(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    attempt, code = await approved_code(http, server.url, email, duration="day")
    first = {**(await redeem(http, attempt, code)).json(), "client_id": attempt.client_id}
    server.clock.move(hours=23, minutes=55)
    last = (await use(http, first)).json()
    assert last["expires_in"] == 300
    server.clock.move(minutes=5)
    assert_refused(await use(http, first, last["refresh_token"]))


@pytest.mark.proves("cd-hashed")
async def test_no_refresh_token_is_in_the_database(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    async with transaction(server.engine) as connection:
        stored = str((await connection.execute(select(refresh_tokens))).all())
    for token in (tokens["refresh_token"], successor):
        assert token not in stored
        assert token.removeprefix(REFRESH_TOKEN_PREFIX) not in stored
