"""The whole way of a client, from discovery to refreshed tokens."""

import httpx
import jwt
import pytest

from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import tokens_for

pytestmark = pytest.mark.anyio


async def test_a_person_signs_up_and_a_client_gets_tokens(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    base = server.settings.public_url
    tokens = await tokens_for(http, base, email)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    assert tokens["scope"] == "lists:read lists:write"
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header["typ"] == "at+jwt"
    assert header["alg"] == "ES256"
    key = await server.keys.verification_key(header["kid"])
    assert key is not None
    claims = jwt.decode(tokens["access_token"], key, algorithms=["ES256"], audience=f"{base}/mcp", issuer=base)
    assert claims.keys() == {"iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"}
    assert claims["client_id"] == tokens["client_id"]
    assert claims["scope"] == tokens["scope"]
