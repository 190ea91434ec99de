"""The whole way of a client, from discovery to refreshed tokens."""

import httpx
import jwt
import pytest

from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import tokens_for

pytestmark = pytest.mark.anyio


@pytest.mark.proves("""az-get MUST OAuth 2.1 §3.1
    The authorization endpoint answers GET.
    Here: It answers GET at /oauth/authorize and /authorize.""")
@pytest.mark.proves("""tk-audience SHOULD OAuth 2.1 §7.1.4; RFC 8707 §2.2; RFC 9700 §2.3; RFC 9068 §3
    Access tokens are restricted to one resource.
    Here: `aud` is PUBLIC_URL/mcp.""")
@pytest.mark.proves("""tk-9068 MUST RFC 9068 §2.1, §2.2
    Our tokens have the type, the claims and the asymmetric signature of the profile.
    Here: at+jwt, ES256, with iss, exp, aud, sub, client_id, iat, jti and scope.""")
async def test_a_person_signs_up_and_a_client_gets_tokens(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    base = server.settings.public_url
    tokens = await tokens_for(http, base, email)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 28_800
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
