"""Refresh tokens: rotation, lost answers, copies that come late, theft."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import httpx
import jwt
import pytest
from sqlalchemy import select

from app.crypto.tokens import REFRESH_TOKEN_PREFIX
from app.db import Engine, transaction
from app.oauth.tables import grants, refresh_tokens
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import (
    Attempt,
    approved_code,
    code_of,
    redeem,
    refresh,
    register,
    sign_up_and_approve,
    tokens_for,
)

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
    Refresh tokens of public clients are rotated, and what a reused one may mean is acted on.
    Here: Each use gives the next one. One whose successor was used is refused and marks the grant as contested, which
    its person sees and ends by approving the app again; with `REFRESH_REUSE=revoke` it ends the grant at once.""")
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


async def contested(server: RunningServer) -> tuple[datetime | None, str | None]:
    """When the one grant was contested, and from where."""
    async with transaction(server.engine) as connection:
        query = select(grants.c.contested_at, grants.c.contested_from)
        return tuple((await connection.execute(query)).one())


@asynccontextmanager
async def at(server: RunningServer, address: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A client at another network address."""
    transport = httpx.ASGITransport(app=server.app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url=server.settings.public_origin) as client:
        yield client


@pytest.mark.proves("rt-no-fork")
async def test_a_lost_answer_is_given_again_until_it_was_used_whenever_that_is(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    for _ in range(3):
        server.clock.move(days=3)
        assert await rotate(http, tokens) == successor
    assert await rotate(http, tokens, successor) != successor
    assert_refused(await use(http, tokens))
    assert (await reason(server), server.revoked) == (None, [])


async def test_six_sessions_of_one_host_go_on_whichever_of_them_loses_its_answer(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    """Each keeps a copy of the token, all refresh at once, and one loses its answer. Who is refused reads what another
    one wrote to the host's store; that always works."""
    stored = tokens["refresh_token"]
    copies = [stored] * 6

    async def session(number: int, *, loses: bool) -> None:
        nonlocal stored
        answer = await use(http, tokens, copies[number])
        if answer.status_code == 400:
            answer = await use(http, tokens, stored)
        assert answer.status_code == 200, answer.text
        if not loses:
            stored = copies[number] = answer.json()["refresh_token"]

    for turn in range(12):
        server.clock.move(hours=8)
        async with anyio.create_task_group() as sessions:
            for number in range(6):
                sessions.start_soon(partial(session, number, loses=number == turn % 6))
    assert (await reason(server), server.revoked) == (None, [])


@pytest.mark.proves("rt-rotation")
async def test_a_session_that_slept_for_three_days_is_refused_and_the_others_go_on(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    newest = tokens["refresh_token"]
    for _ in range(9):
        server.clock.move(hours=8)
        newest = await rotate(http, tokens, newest)
    assert_refused(await use(http, tokens))
    since, network = await contested(server)
    assert (since, network) == (server.clock(), "127.0.0.1")
    server.clock.move(hours=8)
    assert_refused(await use(http, tokens))
    assert await contested(server) == (since, network), "the first time is kept"
    assert await rotate(http, tokens, newest)
    assert (await reason(server), server.revoked) == (None, [])


@pytest.mark.proves("rt-rotation")
async def test_a_thief_before_the_owner_is_noticed_and_ends_with_the_owners_next_approval(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any], email: str
) -> None:
    async with at(server, "203.0.113.9") as thief:
        stolen = (await use(thief, tokens)).json()["refresh_token"]
        assert await rotate(http, tokens) == stolen, "the owner: no second branch"
        assert await contested(server) == (server.clock(), "127.0.0.1")
        server.clock.move(hours=8)
        thieves = (await use(thief, tokens, stolen)).json()
        server.clock.move(hours=8)
        assert await rotate(http, tokens, await rotate(http, tokens, stolen))
        assert_refused(await use(thief, tokens, stolen))
        await approve_again(server, http, tokens["client_id"])
        assert await reasons(server) == ["contested", None]
        assert len(server.revoked) == 1
        assert await server.grant_of(thieves["access_token"]) is None
        assert_refused(await use(thief, tokens, thieves["refresh_token"]))


@pytest.mark.proves("rt-rotation")
async def test_a_thief_after_the_owner_gets_nothing_or_is_noticed(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    second = await rotate(http, tokens)
    third = await rotate(http, tokens, second)
    async with at(server, "203.0.113.9") as thief:
        assert_refused(await use(thief, tokens))
        assert await contested(server) == (server.clock(), "203.0.113.9")
    assert await rotate(http, tokens, third)


@pytest.mark.proves("rt-rotation")
async def test_the_predecessor_from_another_network_contests_the_grant_and_from_the_same_does_not(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    successor = await rotate(http, tokens)
    assert await rotate(http, tokens) == successor
    assert await contested(server) == (None, None)
    async with at(server, "2001:db8:1:2:3::4") as elsewhere:
        assert (await use(elsewhere, tokens)).json()["refresh_token"] == successor
    assert await contested(server) == (server.clock(), "2001:db8:1:2::/64")


async def test_an_approval_of_another_app_or_by_another_person_ends_no_contested_grant(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    await rotate(http, tokens, await rotate(http, tokens))
    assert_refused(await use(http, tokens))
    other = await register(http, server.url)
    await approve_again(server, http, other["client_id"])
    async with server.browser() as stranger:
        attempt = Attempt(tokens["client_id"], server.url)
        await sign_up_and_approve(stranger, attempt.url(), "somebody.else@example.org", PASSWORD)
    assert await reasons(server) == [None, None, None]


@pytest.fixture
async def strict(settings: Settings, engine: Engine) -> RunningServer:
    """An authorization server with `REFRESH_REUSE=revoke`."""
    return await start(settings.model_copy(update={"refresh_reuse": "revoke"}), engine)


@pytest.mark.proves("rt-rotation")
@pytest.mark.parametrize("old", ["after the window", "two generations"])
async def test_where_the_operator_wants_it_a_used_token_ends_the_grant(
    strict: RunningServer, email: str, old: str
) -> None:
    async with strict.browser() as http:
        tokens = await tokens_for(http, strict.url, email)
        newest = await rotate(http, tokens)
        strict.clock.move(seconds=120)
        assert await rotate(http, tokens) == newest
        if old == "after the window":
            strict.clock.move(seconds=1)
        else:
            newest = await rotate(http, tokens, newest)
        assert_refused(await use(http, tokens))
        assert await reason(strict) == "refresh_token_replayed"
        assert len(strict.revoked) == 1
        assert_refused(await use(http, tokens, newest))
        assert await strict.grant_of(tokens["access_token"]) is None


async def approve_again(server: RunningServer, http: httpx.AsyncClient, client_id: str) -> None:
    """Approve a client as the person who is signed in."""
    page = await Browser(http).open(Attempt(client_id, server.url).url())
    assert code_of(await Browser(http).approve(page))


async def reasons(server: RunningServer) -> list[str | None]:
    """Why each grant was ended, the oldest first."""
    async with transaction(server.engine) as connection:
        query = select(grants.c.revoked_because).order_by(grants.c.id)
        return list((await connection.execute(query)).scalars())


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
    server.clock.move(hours=8)
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
    Here: Asking for more is invalid_scope and does not rotate; names of others are dropped.""")
async def test_more_than_was_approved_is_refused_and_foreign_names_count_for_nothing(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    assert_refused(await use(http, tokens, scope="lists:read household:manage"), "invalid_scope")
    for scope in ("lists:read lists:write offline_access", "openid profile", "claudeai"):
        server.clock.move(days=1)
        answer = (await use(http, tokens, scope=scope)).json()
        assert answer["scope"] == "lists:read lists:write"


@pytest.mark.proves("""rt-resource MUST RFC 8707 §2.2
    The resource of a refresh is the approved one.
    Here: Another one is invalid_target and does not rotate.""")
async def test_another_resource_does_not_rotate(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    assert_refused(await use(http, tokens, resource="https://other.example"), "invalid_target")
    server.clock.move(hours=8)
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
