"""Whatever is sent, the response is a refusal and never an internal error."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, approved_code, register

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NAMES = [
    *("client_id", "client_secret", "grant_type", "code", "code_verifier", "refresh_token", "token", "resource"),
    *("redirect_uri", "response_type", "code_challenge", "code_challenge_method", "state", "scope", "request"),
    *("email", "password", "name", "decision", "level", "duration", "household", "default_household", "form_token"),
]
PATHS = [
    f"/oauth/{path}"
    for path in ("token", "revoke", "introspect", "sign-in", "sign-up", "sign-out", "consent", "register")
]

texts = some.text(alphabet=some.characters(exclude_categories=["Cs"]), max_size=60) | some.sampled_from(
    [
        "authorization_code",
        "refresh_token",
        "slr_" + "0" * 32 + "_x",
        "\0",
        "approve",
        "code",
        "S256",
        "http://localhost/",
    ]
)
fields = some.lists(some.tuples(some.sampled_from(NAMES) | texts, texts), max_size=12)
junk = some.binary(max_size=200)
json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
metadata = some.dictionaries(
    some.sampled_from(
        ["redirect_uris", "client_name", "scope", "grant_types", "token_endpoint_auth_method", "contacts"]
    ),
    json_values | some.lists(texts, max_size=2),
)
pytestmark = pytest.mark.anyio

many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.proves("""az-input-validated MUST OAuth 2.1 §7.11
    Everything received is validated.
    Here: Fuzzed forms, bodies and queries get refusals, never a 5xx.""")
@many
@given(path=some.sampled_from(PATHS), pairs=fields)
async def test_no_form_makes_a_server_error(http: httpx.AsyncClient, path: str, pairs: list[tuple[str, str]]) -> None:
    response = await http.post(path, content=urlencode(pairs), headers=FORM)
    assert 400 <= response.status_code < 500


@many
@given(path=some.sampled_from([*PATHS, "/oauth/authorize"]), body=junk)
async def test_no_bytes_make_a_server_error(http: httpx.AsyncClient, path: str, body: bytes) -> None:
    if path == "/oauth/authorize":
        response = await http.get(f"/oauth/authorize?{quote(body, safe='=&%')}")
    else:
        response = await http.post(path, content=body, headers=FORM)
    assert 400 <= response.status_code < 500


@many
@given(body=metadata | json_values)
async def test_no_metadata_makes_a_server_error(http: httpx.AsyncClient, body: Any) -> None:
    # Python writes NaN and Infinity, which JSON does not know; httpx would refuse to send them.
    response = await http.post("/oauth/register", content=json.dumps(body))
    assert response.status_code in (201, 400)


@pytest.mark.proves("az-input-validated")
@many
@given(changes=some.dictionaries(some.sampled_from(NAMES), texts, max_size=4))
async def test_no_authorization_request_makes_a_server_error(
    server: RunningServer, http: httpx.AsyncClient, changes: Mapping[str, str]
) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    response = await http.get(f"/oauth/authorize?{urlencode({**attempt.parameters(), **changes})}")
    assert response.status_code in (303, 400)


async def test_no_token_request_with_a_real_code_makes_a_server_error(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    for name in attempt.redemption(code):
        for value in ("", " ", "\0", "é", "x" * 8000, "x" * 9000, "\U0010ffff", "'; DROP TABLE people; --"):
            response = await http.post("/oauth/token", data={**attempt.redemption(code), name: value})
            assert 200 <= response.status_code < 500
