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


@pytest.mark.proves("""cd-replay-revokes SHOULD OAuth 2.1 §4.1.3; RFC 6749 §10.5; RFC 9700 §4.2.4
    A second valid use of a code ends what the first one gave.
    Here: The grant is revoked, and the answer is 400.""")
async def test_a_code_is_valid_once_and_a_replay_revokes_the_grant(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    tokens = (await redeem(http, attempt, code)).json()
    assert_refused(await redeem(http, attempt, code))
    assert await reasons(server) == ["code_replayed"]
    assert len(server.revoked) == 1
    assert await server.grant_of(tokens["access_token"]) is None
    assert_refused(await refresh(http, server.url, attempt.client_id, tokens["refresh_token"]))


@pytest.mark.proves("""cd-replay-invalid-harmless SHOULD OAuth 2.1 §7.5.3
    A replay with wrong parameters revokes nothing.
    Here: Wrong verifier or client on a used code touches nothing.""")
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


@pytest.mark.proves("""cd-verifier MUST OAuth 2.1 §4.1.3; RFC 7636 §4.6; RFC 9700 §2.1.1
    The verifier is checked against the stored challenge, and its absence is a failure.
    Here: Absent, malformed or wrong is invalid_grant.""")
@pytest.mark.parametrize("verifier", ["w" * 43, "short", "w" * 129, "é" * 43, None])
async def test_a_wrong_verifier_uses_the_code_up(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], verifier: str | None
) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, code_verifier=verifier))
    assert_refused(await redeem(http, attempt, code))


@pytest.mark.proves("cd-verifier")
async def test_the_challenge_is_no_verifier(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, code_verifier=attempt.challenge))


@pytest.mark.proves("""cd-single-use MUST OAuth 2.1 §4.1.3, §7.5.3; RFC 9700 §4.2.4; RFC 6749 §4.1.2
    A code gives tokens only once.
    Here: The first attempt uses it up under a row lock.""")
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


@pytest.mark.proves("""cd-short MUST OAuth 2.1 §4.1.2
    A code expires soon.
    Here: It lasts 60 s.""")
async def test_a_code_lasts_a_minute(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    server.clock.move(seconds=60)
    assert_refused(await redeem(http, attempt, code))


async def test_a_code_is_valid_until_just_before_it_expires(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    server.clock.move(seconds=59)
    assert (await redeem(http, attempt, code)).status_code == 200


@pytest.mark.proves("""cd-bound-client MUST OAuth 2.1 §4.1.3; RFC 6749 §4.1.3
    A code is valid only for the client that it was issued to.
    Here: Another client gets invalid_grant.""")
async def test_another_client_can_not_use_it_but_uses_it_up(
    server: RunningServer, http: httpx.AsyncClient, approved: tuple[Attempt, str]
) -> None:
    attempt, code = approved
    other = await register(http, server.url)
    assert_refused(await redeem(http, attempt, code, client_id=other["client_id"]))
    assert_refused(await redeem(http, attempt, code))


@pytest.mark.proves("cd-redirect-equal")
async def test_the_redirect_address_may_be_left_out(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert (await redeem(http, attempt, code, redirect_uri=None)).status_code == 200


@pytest.mark.proves("""cd-redirect-equal MUST RFC 6749 §4.1.3; OAuth 2.1 §10.2
    A redirect_uri in the token request equals that of the authorization request.
    Here: It may be absent; present it must be the same to the byte.""")
@pytest.mark.parametrize(
    "sent", ["http://localhost:49152/callback/", "http://localhost:49153/callback", "https://evil.example"]
)
async def test_the_redirect_address_must_be_the_same_to_the_byte(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], sent: str
) -> None:
    attempt, code = approved
    assert_refused(await redeem(http, attempt, code, redirect_uri=sent))


@pytest.mark.proves("""cd-resource-equal MUST RFC 8707 §2.2
    The resource of the token request is one that was approved.
    Here: Another one than the grant's is invalid_target; absent means the grant's.""")
async def test_the_resource_may_be_left_out_but_not_be_another(
    http: httpx.AsyncClient, server: RunningServer, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    assert (await redeem(http, attempt, code, resource=None)).status_code == 200
    async with server.browser() as other:
        attempt, code = await approved_code(other, server.url, f"x{email}")
        assert_refused(await redeem(other, attempt, code, resource="https://other.example/mcp"), "invalid_target")


@pytest.mark.proves("""cd-hashed MUST MCP security-considerations (Token Theft); own rule
    No code, refresh token, client secret or session is stored in the clear.
    Here: Only SHA-256 hashes are stored.""")
async def test_no_code_is_in_the_database(server: RunningServer, approved: tuple[Attempt, str]) -> None:
    _, code = approved
    async with transaction(server.engine) as connection:
        assert code not in str((await connection.execute(select(codes))).all())


@pytest.mark.proves("""tk-errors MUST OAuth 2.1 §3.2.4; RFC 6749 §5.2
    Errors are 400 JSON with the registered codes.
    Here: They are fixed texts in plain ASCII.""")
@pytest.mark.proves("""tk-no-password-grant MUST RFC 9700 §2.4; OAuth 2.1
    The password grant is not offered.
    Here: It is unsupported_grant_type.""")
@pytest.mark.proves("tk-unknown-client-401")
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
async def test_a_malformed_token_request_is_refused_and_the_code_stays_valid(
    http: httpx.AsyncClient, approved: tuple[Attempt, str], changes: dict[str, str | None], error: str, status: int
) -> None:
    attempt, code = approved
    assert_refused(await http.post("/oauth/token", data=attempt.redemption(**{"code": code, **changes})), error, status)
    assert (await redeem(http, attempt, code)).status_code == 200


@pytest.mark.proves("az-repeated")
async def test_a_repeated_parameter_is_refused(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    data = {**attempt.redemption(code), "code_verifier": [attempt.verifier, attempt.verifier]}
    assert_refused(await http.post("/oauth/token", data=data), "invalid_request")


@pytest.mark.proves("""tk-form MUST OAuth 2.1 §3.2.2
    The request is a form.
    Here: Other content types are invalid_request.""")
async def test_json_is_not_accepted(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert_refused(await http.post("/oauth/token", json=attempt.redemption(code)), "invalid_request")


@pytest.mark.proves("""tk-post MUST OAuth 2.1 §3.2; RFC 6749 §3.2
    Tokens are asked for by POST.
    Here: GET is 405.""")
async def test_get_is_not_accepted(http: httpx.AsyncClient, approved: tuple[Attempt, str]) -> None:
    attempt, code = approved
    assert (await http.get("/oauth/token", params=attempt.redemption(code))).status_code == 405
