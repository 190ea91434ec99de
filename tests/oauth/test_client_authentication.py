"""How clients prove who they are at the token endpoint."""

import base64
from typing import Any

import httpx
import pytest

from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, basic, code_of, redeem, register

pytestmark = pytest.mark.anyio


async def approved(
    http: httpx.AsyncClient, server: RunningServer, email: str, method: str
) -> tuple[Attempt, str, dict[str, Any]]:
    client = await register(http, server.url, token_endpoint_auth_method=method)
    attempt = Attempt(client["client_id"], server.url)
    browser = Browser(http)
    return attempt, code_of(await browser.approve(await browser.sign_up(attempt.url(), email))), client


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("way", ["header", "body"])
async def test_a_secret_is_accepted_in_either_way(
    server: RunningServer, http: httpx.AsyncClient, email: str, method: str, way: str
) -> None:
    attempt, code, client = await approved(http, server, email, method)
    if way == "header":
        headers = basic(client["client_id"], client["client_secret"])
        response = await http.post("/oauth/token", data=attempt.redemption(code), headers=headers)
    else:
        response = await redeem(http, attempt, code, client_secret=client["client_secret"])
    assert response.status_code == 200


@pytest.mark.proves("""tk-401-basic MUST OAuth 2.1 §3.2.4; RFC 6749 §5.2
    A failed authentication by header gets 401 with a challenge of its scheme.
    Here: invalid_client is 401 with Basic.""")
@pytest.mark.proves("""tk-client-auth MUST OAuth 2.1 §3.2.2, §2.4; RFC 6749 §3.2.1
    A client with credentials must authenticate.
    Here: A wrong or missing secret is invalid_client and leaves the code good.""")
async def test_without_its_secret_a_client_is_refused_and_the_code_stays_valid(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code, client = await approved(http, server, email, "client_secret_basic")
    other = await register(http, server.url, token_endpoint_auth_method="client_secret_basic")
    right, wrong = client["client_secret"], other["client_secret"]
    headers: list[dict[str, str]] = [
        {},
        basic(client["client_id"], ""),
        basic(client["client_id"], wrong),
        basic(client["client_id"], f"{right}x"),
        basic(other["client_id"], wrong),
        {"Authorization": f"Bearer {right}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": f"Basic {base64.b64encode(b'no colon').decode()}"},
        {"Authorization": f"Basic {base64.b64encode(bytes([0xFF, 0x3A, 0xFF])).decode()}"},
        {"Authorization": f"Basic {base64.b64encode(b'a%00b:c').decode()}"},
        {"Authorization": f"Basic {base64.b64encode(b'%FF:c').decode()}"},
    ]
    for header in headers:
        response = await http.post("/oauth/token", data=attempt.redemption(code), headers=header)
        assert response.status_code == 401, header
        assert response.json()["error"] == "invalid_client"
        assert response.headers["www-authenticate"].startswith("Basic")
    assert (await redeem(http, attempt, code, client_secret=right)).status_code == 200


@pytest.mark.proves("""tk-one-auth-method MUST OAuth 2.1 §2.4; RFC 6749 §2.3
    A client uses one way of authentication in a request.
    Here: Two ways are invalid_request.""")
async def test_two_ways_at_once_are_refused(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    attempt, code, client = await approved(http, server, email, "client_secret_basic")
    header = basic(client["client_id"], client["client_secret"])
    data = attempt.redemption(code, client_secret=client["client_secret"])
    response = await http.post("/oauth/token", data=data, headers=header)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    twice = [*header.items(), *header.items()]
    response = await http.post("/oauth/token", data=attempt.redemption(code), headers=twice)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.proves("""az-empty-is-absent MUST OAuth 2.1 §3.1, §3.2
    A parameter without a value counts as absent.
    Here: Empty values are dropped before anything looks at them.""")
async def test_a_public_client_with_a_secret_is_an_impostor(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code, _ = await approved(http, server, email, "none")
    assert (await redeem(http, attempt, code, client_secret="invented")).status_code == 401
    assert (await redeem(http, attempt, code, client_secret="")).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
async def test_a_basic_header_that_is_no_text_is_a_failed_authentication(http: httpx.AsyncClient, path: str) -> None:
    response = await http.post(path, data={"grant_type": "refresh_token"}, headers=[(b"Authorization", b"Basic \xe9")])
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
