"""Authorization codes at the token endpoint."""

import anyio
import httpx
import pytest
from sqlalchemy import select

from app.db import transaction
from app.oauth.tables import codes, grants, refresh_families
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, approved_code, redeem, refresh, register

pytestmark = pytest.mark.anyio


@pytest.fixture
async def approved(server: RunningServer, http: httpx.AsyncClient, email: str) -> tuple[Attempt, str]:
    return await approved_code(http, server.url, email)


async def reasons(server: RunningServer) -> list[str | None]:
    """Why each grant was revoked; None for a live one."""
    async with transaction(server.engine) as connection:
        return list((await connection.execute(select(grants.c.revoked_because))).scalars())


def assert_refused(response: httpx.Response, error: str = "invalid_grant", status: int = 400) -> None:
    assert response.status_code == status, response.text
    assert response.json()["error"] == error
    assert response.headers["cache-control"] == "no-store"


async def test_a_code_is_good_once_and_a_replay_ends_the_grant(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    tokens = (await redeem(http, attempt, code)).json()
    assert_refused(await redeem(http, attempt, code))
    assert await reasons(server) == ["code_replayed"]
    assert len(server.revoked) == 1
    assert await server.grant_of(tokens["access_token"]) is None
    assert_refused(await refresh(http, server.url, attempt.client_id, tokens["refresh_token"]))


async def test_a_replay_with_a_wrong_verifier_ends_nothing(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    tokens = (await redeem(http, attempt, code)).json()
    assert_refused(await redeem(http, attempt, code, code_verifier="w" * 43))
    other = await register(http, server.url)
    assert_refused(await redeem(http, attempt, code, client_id=other["client_id"]))
    assert await server.grant_of(tokens["access_token"]) is not None
    assert await reasons(server) == [None]


@pytest.mark.parametrize("verifier", ["w" * 43, "short", "w" * 129, "é" * 43, None])
async def test_a_wrong_verifier_uses_the_code_up(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], verifier: str | None
) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, code_verifier=verifier))
    assert_refused(await redeem(http, attempt, code))


async def test_the_challenge_is_no_verifier(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, code_verifier=attempt.challenge))


async def test_of_sixteen_redemptions_at_once_one_wins(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    answers: list[httpx.Response] = []

    async def one() -> None:
        answers.append(await redeem(http, attempt, code))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(one)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
    async with transaction(server.engine) as connection:
        assert len((await connection.execute(select(refresh_families.c.id))).all()) == 1
    assert await reasons(server) == ["code_replayed"]


async def test_a_code_lasts_a_minute(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    server.clock.move(seconds=60)
    assert_refused(await redeem(http, attempt, code))


async def test_a_code_is_good_just_before_its_end(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    server.clock.move(seconds=59)
    assert (await redeem(http, attempt, code)).status_code == 200


async def test_another_client_can_not_use_it_but_uses_it_up(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    other = await register(http, server.url)
    assert_refused(await redeem(http, attempt, code, client_id=other["client_id"]))
    assert_refused(await redeem(http, attempt, code))


async def test_the_redirect_address_may_be_left_out(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert (await redeem(http, attempt, code, redirect_uri=None)).status_code == 200


@pytest.mark.parametrize(
    "sent", ["http://localhost:49152/callback/", "http://localhost:49153/callback", "https://evil.example"]
)
async def test_the_redirect_address_must_be_the_same_to_the_byte(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], sent: str
) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, redirect_uri=sent))


async def test_the_resource_may_be_left_out_but_not_be_another(
    http: httpx.AsyncClient, server: RunningServer, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    assert (await redeem(http, attempt, code, resource=None)).status_code == 200
    async with server.browser() as other:
        attempt, code = await approved_code(other, server.url, f"x{email}")
        assert_refused(await redeem(other, attempt, code, resource="https://other.example/mcp"), "invalid_target")


async def test_no_code_is_in_the_database(server: RunningServer, approved: tuple[Attempt, str]) -> None:
    _, code = approved
    async with transaction(server.engine) as connection:
        assert code not in str((await connection.execute(select(codes))).all())


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"grant_type": None}, "invalid_request", 400),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": "client_credentials"}, "unauthorized_client", 400),
        ({"code": None}, "invalid_request", 400),
        ({"code": "slc_invented"}, "invalid_grant", 400),
        ({"code": "a\0b"}, "invalid_request", 400),
        ({"code": "x" * 8193}, "invalid_request", 400),
        ({"client_id": None}, "invalid_client", 401),
        ({"client_id": "app_unknown"}, "invalid_client", 401),
        ({"client_id": "https://claude.ai/oauth/mcp-oauth-client-metadata"}, "invalid_client", 401),
        ({"grant_type": "refresh_token"}, "invalid_request", 400),
        ({"grant_type": "refresh_token", "refresh_token": "slr_x_y"}, "invalid_grant", 400),
    ],
    ids=str,
)
async def test_a_malformed_token_request_is_refused_and_the_code_stays_good(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], changes: dict[str, str | None], error: str, status: int
) -> None:
    attempt, code = approved
    assert_refused(await http.post("/oauth/token", data=attempt.redemption(**{"code": code, **changes})), error, status)
    assert (await redeem(http, attempt, code)).status_code == 200


async def test_a_repeated_parameter_is_refused(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    data = {**attempt.redemption(code), "code_verifier": [attempt.verifier, attempt.verifier]}
    assert_refused(await http.post("/oauth/token", data=data), "invalid_request")


async def test_json_is_not_accepted(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert_refused(await http.post("/oauth/token", json=attempt.redemption(code)), "invalid_request")


async def test_get_is_not_accepted(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert (await http.get("/oauth/token", params=attempt.redemption(code))).status_code == 405
