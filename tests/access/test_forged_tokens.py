"""Access tokens that were never issued: each differs from a valid one in one thing."""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from app.db import new_id
from app.oauth.tokens.verifier import LONGEST_TOKEN
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def signed(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Assemble a token by hand, because libraries refuse to make the worst ones."""
    message = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{message}.{encoded(sign(message.encode()))}"


def ours(factory: Factory) -> ec.EllipticCurvePrivateKey:
    return factory.keys._signing[0].private_key  # pyright: ignore[reportPrivateUsage]


async def assert_refused(http: httpx.AsyncClient, token: str) -> None:
    response = await McpClient(http, token).send("tools/list")
    assert response.status_code == 401, token
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert response.json()["error_description"] == "The access token is not valid. Sign in again."


async def assert_accepted(http: httpx.AsyncClient, token: str) -> None:
    assert (await McpClient(http, token).send("tools/list")).status_code == 200


@pytest.mark.proves("""rs-hs256-public-key MUST RFC 8725 §2.1, §3.1
    A token made by HMAC with our public key as the secret is refused.
    Here: Only asymmetric algorithms are accepted, so a published key is no secret to sign with.""")
@pytest.mark.proves("rs-alg-pinned")
@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "ES256"])
async def test_the_published_key_is_no_secret_to_sign_with(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, algorithm: str
) -> None:
    header, claims = parts_of(ada.token)
    public = ours(factory).public_key()
    jwk = next(each for each in (await http.get("/oauth/jwks.json")).json()["keys"] if each["kid"] == header["kid"])
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets_to_try = [
        pem,
        pem.strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(jwk).encode(),
        json.dumps(jwk, separators=(",", ":")).encode(),
        jwk["x"].encode(),
        header["kid"].encode(),
        b"",
    ]
    digest = {"HS256": "sha256", "HS512": "sha512", "ES256": "sha512"}[algorithm]
    for secret in secrets_to_try:
        forged = signed(
            {**header, "alg": algorithm}, claims, lambda message, key=secret: hmac.digest(key, message, digest)
        )
        await assert_refused(http, forged)


@pytest.mark.proves("""rs-alg-pinned MUST RFC 8725 §3.1, §3.2
    The algorithm is pinned by the verifier and never taken from the token.
    Here: Our own tokens are ES256; each issuer in OIDC_ISSUERS has a list of asymmetric algorithms in its setting. Each
    key is bound to its algorithm.""")
@pytest.mark.proves("""rs-alg-none MUST RFC 9068 §4; RFC 8725 §3.2
    Unsigned tokens are refused.
    Here: `alg=none` is not among the algorithms.""")
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 5, ["ES256"]], ids=str)
async def test_the_algorithm_none_is_refused(http: httpx.AsyncClient, ada: Connected, algorithm: object) -> None:
    header, claims = parts_of(ada.token)
    await assert_refused(http, signed({**header, "alg": algorithm}, claims, lambda message: b""))
    signature = ada.token.rpartition(".")[2]
    message = ada.token.rpartition(".")[0]
    assert f"{message}.{signature}" == ada.token
    for stripped in (f"{message}.", message, f"{message}..{signature}", f".{message}.{signature}"):
        await assert_refused(http, stripped)


KIDS: list[Any] = [
    "../../../../../../dev/null",
    "/etc/passwd",
    "file:///dev/null",
    "https://evil.example/key.pem",
    "' OR '1'='1",
    "x' UNION SELECT 'AAAA' --",
    "$(touch /tmp/x)",
    "a\0b",
    "",
    "*",
    "%",
    "x" * 3000,
    None,
    5,
    True,
    ["a"],
    {"a": 1},
]


@pytest.mark.proves("""rs-kid-injection MUST RFC 8725 §3.10
    Header members that choose the key (kid, jwk, jku, x5u, x5c) are not trusted.
    Here: `kid` is only a key of a dictionary in memory; an unknown one leads to one bounded reread; jwk, jku and x5u
    are never read.""")
@pytest.mark.parametrize("kid", KIDS, ids=lambda kid: str(kid)[:20])
async def test_a_key_id_is_a_name_and_nothing_else(http: httpx.AsyncClient, ada: Connected, kid: object) -> None:
    header, claims = parts_of(ada.token)
    for secret in (b"", b"AAAA", b"\0"):
        for algorithm in ("HS256", "ES256"):
            forged = {**header, "alg": algorithm, "kid": kid}
            await assert_refused(
                http, signed(forged, claims, lambda message, key=secret: hmac.digest(key, message, "sha256"))
            )
    attackers = ec.generate_private_key(ec.SECP256R1())
    sign = ECAlgorithm(ECAlgorithm.SHA256).sign
    await assert_refused(http, signed({**header, "kid": kid}, claims, lambda message: sign(message, attackers)))
    del header["kid"]
    await assert_refused(http, signed(header, claims, lambda message: sign(message, attackers)))


@pytest.mark.proves("rs-kid-injection")
async def test_a_token_can_not_bring_its_own_key(http: httpx.AsyncClient, ada: Connected) -> None:
    header, claims = parts_of(ada.token)
    attackers = ec.generate_private_key(ec.SECP256R1())
    jwk = {**ECAlgorithm.to_jwk(attackers.public_key(), as_dict=True), "kid": "mine", "alg": "ES256"}
    sign = ECAlgorithm(ECAlgorithm.SHA256).sign
    brought: list[dict[str, Any]] = [
        {"jwk": jwk},
        {"jwk": jwk, "kid": "mine"},
        {"jku": "https://evil.example/jwks.json", "kid": "mine"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": [encoded(attackers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))]},
        {"x5t": encoded(sha256(b"").digest())},
    ]
    for more in brought:
        await assert_refused(http, signed({**header, **more}, claims, lambda message: sign(message, attackers)))


@pytest.mark.proves("""rs-crit MUST RFC 7515 §4.1.11; RFC 8725 §3.3
    A token with a critical extension that is not understood is refused.
    Here: A token with `crit` in its header is refused: there is no extension that we understand.""")
async def test_a_critical_extension_that_is_unknown_here_is_refused(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    header, claims = parts_of(ada.token)
    sign = ECAlgorithm(ECAlgorithm.SHA256).sign
    critical: list[dict[str, Any]] = [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}]
    for more in (*critical, {"crit": "x"}):
        await assert_refused(http, signed({**header, **more}, claims, lambda message: sign(message, ours(factory))))
    await assert_accepted(http, signed(header, claims, lambda message: sign(message, ours(factory))))


@pytest.mark.proves("""rs-nbf-iat MUST RFC 7519 §4.1.5; own rule
    A token that is not valid yet is refused.
    Here: PyJWT checks `nbf` and `iat` with 60 s leeway.""")
async def test_a_token_is_valid_from_nbf_to_exp(http: httpx.AsyncClient, factory: Factory, ada: Connected) -> None:
    _, claims = parts_of(ada.token)
    now = datetime.now(UTC)

    def at(seconds: float) -> int:
        return int((now + timedelta(seconds=seconds)).timestamp())

    # Clocks differ: a minute is let through.
    for change in ({"nbf": at(30)}, {"iat": at(30)}, {"exp": at(-30)}, {"nbf": at(-9)}):
        await assert_accepted(http, factory.keys.sign({**claims, **change}))
    for change in ({"nbf": at(120)}, {"iat": at(120)}, {"exp": at(-61)}, {"nbf": "soon"}, {"exp": "later"}):
        await assert_refused(http, factory.keys.sign({**claims, **change}))


@pytest.mark.proves("""rs-required-claims MUST RFC 9068 §2.2; RFC 8725 §3.3
    A token without the claims of the profile is refused.
    Here: iss, aud, sub, client_id, gid, jti, scope, iat and exp are all required.""")
@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"])
async def test_a_token_without_a_claim_of_the_profile_is_refused(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, claim: str
) -> None:
    _, claims = parts_of(ada.token)
    del claims[claim]
    await assert_refused(http, factory.keys.sign(claims))


@pytest.mark.proves("""rs-aud MUST MCP security-considerations (Access Token Privilege Restriction);
    MCP authorization (Token Handling); MCP security_best_practices (Token Passthrough); RFC 9068 §4; RFC 8725 §3.9;
    RFC 9700 §2.3
    A token whose audience is not this server is refused.
    Here: `aud` of our tokens must be exactly PUBLIC_URL/mcp; a token of an issuer in OIDC_ISSUERS may hold it among
    others.""")
@pytest.mark.proves("""rs-iss MUST RFC 9068 §4; RFC 8725 §3.8
    The issuer of a token is exactly the expected one, and the key is that issuer's.
    Here: `iss` must be PUBLIC_URL or an issuer in OIDC_ISSUERS, byte for byte, and only keys of that very issuer
    verify.""")
async def test_issuer_and_audience_are_compared_byte_by_byte(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, settings: Settings
) -> None:
    _, claims = parts_of(ada.token)
    resource, issuer = settings.resource, settings.issuer
    changes: list[dict[str, Any]] = [
        {"aud": "https://other.example/mcp"},
        {"aud": f"{resource}/"},
        {"aud": resource.upper()},
        {"aud": settings.public_url},
        {"aud": f"{resource}.evil.example"},
        {"aud": [resource, "https://other.example/mcp"]},
        {"aud": [resource]},
        {"aud": ""},
        {"iss": "https://other.example"},
        {"iss": f"{issuer}/"},
        {"iss": issuer.upper()},
        {"iss": f"{issuer}.evil.example"},
    ]
    for change in changes:
        await assert_refused(http, factory.keys.sign({**claims, **change}))


@pytest.mark.proves("""rs-token-grant-match MUST OAuth 2.1 §5.2
    Token and grant agree on person and client.
    Here: `sub` and `client_id` must be those of the grant.""")
async def test_token_and_grant_agree_on_person_and_client(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    eve = await factory.connected("Eve")
    _, claims = parts_of(ada.token)
    for change in (
        {"gid": str(eve.grant_id)},
        {"sub": str(eve.person.id)},
        {"client_id": "another-client"},
        {"gid": str(new_id())},
        {"gid": "' OR 1=1"},
        {"sub": "Ada"},
    ):
        await assert_refused(http, factory.keys.sign({**claims, "jti": secrets.token_hex(8), **change}))


@pytest.mark.proves("""token-not-in-query MUST MCP authorization (Token Requirements); OAuth 2.1 §5.1; RFC 6750 §5.3
    A token in the query string is ignored.
    Here: Nothing reads the query of /mcp, so such a request counts as one without a token.""")
@pytest.mark.proves("""token-not-in-form SHOULD OAuth 2.1 §5.1.2
    A token in a form-encoded body is not used.
    Here: The body of /mcp is JSON only; `bearer_methods_supported` says header.""")
async def test_a_token_outside_the_header_is_no_token(http: httpx.AsyncClient, ada: Connected) -> None:
    client = McpClient(http, ada.token)
    headers = {name: value for name, value in client.headers("tools/list").items() if name != "Authorization"}
    in_query = await http.post(
        "/mcp", params={"access_token": ada.token}, json=client.message("tools/list"), headers=headers
    )
    form = {"access_token": ada.token, "Authorization": f"Bearer {ada.token}"}
    in_form = await http.post("/mcp", data=form)
    in_cookie = await http.post("/mcp", json={}, headers={"Cookie": f"access_token={ada.token}; token={ada.token}"})
    for response in (in_query, in_form, in_cookie):
        assert response.status_code == 401
        assert "error=" not in response.headers["www-authenticate"]


@pytest.mark.proves("""scope-hierarchy MUST MCP authorization (Step-Up Authorization Flow)
    A broader scope counts as the narrower ones it contains.
    Here: Scopes are expanded before they are compared.""")
async def test_the_strongest_scope_alone_contains_the_others(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    manager = await factory.connect(ada.person, ada.household_id, token_scopes=("household:manage",))
    client = McpClient(http, manager.token)
    await client.call("add_items", items=["milk"])
    assert len((await client.call("list_items"))["items"]) == 1
    writer = await factory.connect(ada.person, ada.household_id, token_scopes=("lists:write",))
    invited: dict[str, Any] = {"name": "invite_member", "arguments": {}}
    assert (await McpClient(http, writer.token).send("tools/call", invited)).status_code == 403


@pytest.mark.proves("""rs-token-size SHOULD RFC 8725 §3.3; own rule
    A token of absurd size costs no work.
    Here: Tokens above 8,192 characters are refused unread.""")
async def test_a_token_is_read_up_to_its_longest_length(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    _, claims = parts_of(ada.token)
    room = (LONGEST_TOKEN - len(factory.keys.sign({**claims, "filler": ""}))) * 3 // 4
    longest, too_long = (factory.keys.sign({**claims, "filler": "x" * length}) for length in (room, room + 3))
    assert LONGEST_TOKEN - 4 <= len(longest) <= LONGEST_TOKEN < len(too_long) <= LONGEST_TOKEN + 4
    await assert_accepted(http, longest)
    await assert_refused(http, too_long)
