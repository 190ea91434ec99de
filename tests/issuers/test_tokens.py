"""Access tokens of external issuers: which ones are valid, and every way to forge one."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import jwt
import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from structlog.testing import capture_logs

from app.db import Engine
from app.settings import Settings
from tests.factory import Factory
from tests.issuers.conftest import Resource
from tests.oidc_provider.process import Provider, RemoteControl

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]

NOT_BELIEVED = "token not believed"
NOBODY = ""
"""An issuer that the settings do not name; the log says nothing of its tokens."""


def words_of(log: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the log says of refused tokens."""
    return [line["wrong"] for line in log if line["event"] == NOT_BELIEVED]


def encoded(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def header_of(issuer: RemoteControl) -> dict[str, Any]:
    """The header of a valid token."""
    return {"alg": "ES256", "typ": "at+jwt", "kid": issuer.keys()[0]["kid"]}


def test_the_provider_publishes_what_openid_connect_asks_for(issuer: RemoteControl) -> None:
    document = issuer.http.get(f"{issuer.identifier}/.well-known/openid-configuration").json()
    # The rules want https; nothing else is different on loopback.
    addresses = {name: value.replace("http://", "https://") for name, value in document.items() if "://" in str(value)}
    OpenIDProviderMetadata({**document, **addresses}).validate()


@pytest.mark.proves("""rs-rs256 MUST RFC 9068 §2.1
    Resource servers of the profile understand RS256 among their algorithms.
    Instead: Our own tokens are ES256 only; RS256 is accepted from external issuers.""")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
async def test_a_good_token_comes_in_whatever_signs_it(
    resource: Resource, issuer: RemoteControl, algorithm: str
) -> None:
    issuer.set(algorithm=algorithm)
    assert await resource.status(resource.token(issuer)) == 200
    assert await resource.status(resource.token(issuer)) == 200


@pytest.mark.proves("""prm-as-listed MUST MCP authorization-server-discovery (Authorization Server Location)
    The metadata lists at least one authorization server.
    Here: `authorization_servers` holds our issuer, followed by those in OIDC_ISSUERS; with AUTH_SERVER=off only
    those.""")
async def test_the_metadata_names_every_issuer(
    http: httpx.AsyncClient, settings: Settings, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    document = (await http.get("/.well-known/oauth-protected-resource/mcp")).json()
    assert document["authorization_servers"] == [settings.issuer, issuer.identifier, plain_issuer.identifier]


@pytest.mark.proves("rs-aud")
@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"aud": "https://other.example/mcp"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"exp": 1}, "exp"),
        ({"exp": None}, "claims"),
        ({"exp": "soon"}, "claims"),
        ({"exp": 10**30}, "claims"),
        ({"nbf": 4_000_000_000}, "times"),
        ({"iat": 4_000_000_000}, "times"),
        ({"iat": None}, "claims"),
        ({"iss": "https://other.example"}, NOBODY),
        ({"iss": None}, NOBODY),
        ({"sub": None}, "claims"),
        ({"sub": "a\x00b"}, "claims"),
        ({"sub": "a" * 256}, "claims"),
        ({"sub": "\ud800"}, "claims"),
        ({"client_id": None}, "claims"),
        ({"client_id": "a\nb"}, "claims"),
        ({"client_id": "a" * 501}, "claims"),
        ({"scope": ["lists:read"]}, "claims"),
        ({"nbf": 1}, None),
        ({"scope": None}, None),
        ({"name": {"no": "text"}}, None),
    ],
)
async def test_each_claim_counts(
    resource: Resource, issuer: RemoteControl, change: dict[str, Any], wrong: str | None
) -> None:
    token = resource.token(issuer, **change)
    with capture_logs() as log:
        assert await resource.status(token) == (200 if wrong is None else 401)
    assert words_of(log) == ([wrong] if wrong else [])


async def test_the_log_says_which_part_of_a_token_is_wrong(
    resource: Resource, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    claims = issuer.claims(resource.audience)
    tokens = [
        issuer.sign(claims, typ="JWT"),
        jwt.encode(claims, "x" * 32, "HS256", {**header_of(issuer), "alg": "HS256"}),
        plain_issuer.sign(claims),
        plain_issuer.sign(claims, kid=issuer.keys()[0]["kid"]),
        issuer.sign({**claims, "iss": issuer.identifier + "/"}),
    ]
    with capture_logs() as log:
        assert [await resource.status(token) for token in tokens] == [401] * len(tokens)
    assert words_of(log) == ["type", "algorithm", "key", "signature", "issuer"]
    assert {line["issuer"] for line in log if line["event"] == NOT_BELIEVED} == {issuer.identifier}


@pytest.mark.proves("""ex-aud MUST RFC 9068 §4
    A foreign token names our resource as its audience, also within a list.
    Here: The audience must be PUBLIC_URL/mcp, or contain it.""")
@pytest.mark.proves("rs-aud")
async def test_one_audience_of_several_is_enough(resource: Resource, issuer: RemoteControl) -> None:
    assert await resource.status(resource.token(issuer, aud=["https://other.example", resource.audience])) == 200
    assert await resource.status(resource.token(issuer, aud=[resource.audience + "/"])) == 401


@pytest.mark.proves("rs-foreign-issuer")
async def test_a_token_of_an_issuer_that_is_not_listed_is_refused(resource: Resource, provider: Provider) -> None:
    stranger = provider.issuer()
    assert await resource.status(resource.token(stranger)) == 401
    assert stranger.asked("metadata") == stranger.asked("jwks") == 0


@pytest.mark.proves("rs-iss", "rs-foreign-issuer", "ex-algs")
async def test_one_issuer_can_not_sign_for_another(
    resource: Resource, issuer: RemoteControl, plain_issuer: RemoteControl, settings: Settings
) -> None:
    theirs = issuer.claims(resource.audience)
    assert await resource.status(issuer.sign(theirs)) == 200
    kid = issuer.keys()[0]["kid"]
    assert await resource.status(plain_issuer.sign(theirs)) == 401
    assert await resource.status(plain_issuer.sign(theirs, kid=kid)) == 401
    assert await resource.status(issuer.sign({**theirs, "iss": issuer.identifier + "/"})) == 401
    assert await resource.status(issuer.sign({**theirs, "iss": settings.issuer})) == 401


async def test_no_issuer_can_name_a_grant_of_ours(
    resource: Resource, issuer: RemoteControl, engine: Engine, settings: Settings
) -> None:
    ada = await Factory(engine, settings).connected("Ada")
    ours = jwt.decode(ada.token, options={"verify_signature": False})
    stolen = {name: ours[name] for name in ("gid", "sub", "client_id")}
    token = resource.token(issuer, **stolen)
    households = [(await resource.client(each).call("get_overview"))["household"] for each in (ada.token, token)]
    assert households[0]["ref"] != households[1]["ref"]


@pytest.mark.proves("ex-algs")
@pytest.mark.parametrize("alg", ["none", "None", "nOnE"])
async def test_an_unsigned_token_is_refused(resource: Resource, issuer: RemoteControl, alg: str) -> None:
    head = encoded({**header_of(issuer), "alg": alg})
    token = f"{head}.{encoded(issuer.claims(resource.audience))}."
    assert await resource.status(token) == 401


@pytest.mark.proves("rs-hs256-public-key", "ex-algs")
async def test_the_public_key_is_no_secret_to_sign_with(resource: Resource, issuer: RemoteControl) -> None:
    (jwk,) = issuer.keys()
    public: Any = jwt.PyJWK.from_dict(jwk).key
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(jwk).encode(),
        jwk["x"].encode(),
    ]
    assert await resource.status(resource.token(issuer)) == 200
    for secret in secrets:
        signed = f"{encoded({**header_of(issuer), 'alg': 'HS256'})}.{encoded(issuer.claims(resource.audience))}"
        token = f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"
        assert jwt.get_unverified_header(token)["alg"] == "HS256"
        assert await resource.status(token) == 401


KIDS = [
    "../../../../dev/null",
    "/dev/null",
    "https://attacker.example/jwks",
    "' OR '1'='1",
    "x' UNION SELECT 'key",
    "\x00",
    "",
    "a" * 2_000,
]


@pytest.mark.parametrize("kid", KIDS)
async def test_a_key_id_is_a_name_and_nothing_else(resource: Resource, issuer: RemoteControl, kid: str) -> None:
    claims = issuer.claims(resource.audience)
    assert await resource.status(issuer.sign(claims, kid=kid)) == 401
    own: Any = ec.generate_private_key(ec.SECP256R1())
    assert await resource.status(jwt.encode(claims, own, "ES256", headers={"typ": "at+jwt", "kid": kid})) == 401


@pytest.mark.parametrize("kid", [None, 7, ["a"], {"a": "b"}])
async def test_a_key_id_that_is_no_text_is_refused(resource: Resource, issuer: RemoteControl, kid: Any) -> None:
    head = {**header_of(issuer), "kid": kid}
    assert await resource.status(f"{encoded(head)}.{encoded(issuer.claims(resource.audience))}.c2ln") == 401
    del head["kid"]
    assert await resource.status(f"{encoded(head)}.{encoded(issuer.claims(resource.audience))}.c2ln") == 401


async def test_keys_that_a_token_brings_along_are_ignored(
    resource: Resource, issuer: RemoteControl, provider: Provider
) -> None:
    """`jwk`, `jku`, `x5u` and `x5c` (RFC 7515 section 4.1): the attacker's key, in each place that could name it."""
    attacker = provider.issuer()
    (jwk,) = attacker.keys()
    asked = attacker.asked("jwks")
    claims = issuer.claims(resource.audience)
    address = f"{attacker.identifier}/jwks"
    for kid in (jwk["kid"], issuer.keys()[0]["kid"]):
        for member in ({"jwk": jwk}, {"jku": address}, {"x5u": address}, {"x5c": ["MIIB"]}):
            assert await resource.status(attacker.sign(claims, kid=kid, **member)) == 401
    assert attacker.asked("jwks") == asked
    assert await resource.status(issuer.sign(claims, jku=address, x5u=address)) == 200


async def test_a_critical_extension_that_nobody_knows_is_refused(resource: Resource, issuer: RemoteControl) -> None:
    claims = issuer.claims(resource.audience)
    assert await resource.status(issuer.sign(claims, crit=["extra"], extra=True)) == 401


@pytest.mark.proves("""ex-algs MUST RFC 8725 §3.1; RFC 9068 §4
    Each issuer has its own pinned asymmetric algorithms and its own keys.
    Here: Algorithms are pinned for each issuer; none and HMAC never.""")
@pytest.mark.proves("rs-alg-pinned")
async def test_an_algorithm_that_is_not_pinned_is_refused(resource: Resource, issuer: RemoteControl) -> None:
    issuer.set(algorithm="RS512")
    assert await resource.status(resource.token(issuer)) == 401


async def test_a_key_for_encryption_or_of_another_kind_signs_nothing(resource: Resource, issuer: RemoteControl) -> None:
    (jwk,) = issuer.keys()
    for published in ({**jwk, "use": "enc"}, {**jwk, "alg": "RS256"}, {**jwk, "kty": "oct", "k": "c2VjcmV0"}, {}):
        issuer.set(jwks=[published])
        assert await resource.status(resource.token(issuer)) == 401


@pytest.mark.proves("rs-typ")
@pytest.mark.parametrize("kind", ["JWT", "id+jwt", "at+jws", "", 7])
async def test_a_token_that_is_not_marked_as_an_access_token_is_refused(
    resource: Resource, issuer: RemoteControl, kind: Any
) -> None:
    claims = issuer.claims(resource.audience)
    assert await resource.status(issuer.sign(claims, typ="application/at+jwt")) == 200
    assert await resource.status(issuer.sign(claims, typ="AT+JWT")) == 200
    assert await resource.status(issuer.sign(claims, typ=kind)) == 401


@pytest.mark.proves("""ex-typ MUST RFC 9068 §4; RFC 8725 §3.11
    Tokens of type JWT are accepted only from issuers set so, and then need scope and client.
    Here: at+jwt, unless the issuer's settings allow JWT; then scope and client are required.""")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"client_id": None, "azp": "an-assistant"}, 200),
        ({"client_id": None}, 401),
        ({"scope": None}, 401),
        ({"aud": "https://other.example"}, 401),
    ],
)
async def test_a_plain_token_needs_scope_and_client_where_it_is_allowed(
    resource: Resource, plain_issuer: RemoteControl, change: dict[str, Any], status: int
) -> None:
    claims = plain_issuer.claims(resource.audience, **change)
    assert await resource.status(plain_issuer.sign(claims, typ="JWT")) == status
    assert await resource.status(plain_issuer.sign(claims, typ=None)) == status


@pytest.mark.proves("rs-typ")
async def test_an_id_token_is_refused_also_where_plain_tokens_are_allowed(
    resource: Resource, plain_issuer: RemoteControl
) -> None:
    claims = plain_issuer.claims(resource.audience, scope=None, client_id=None, azp="an-assistant", nonce="n")
    assert await resource.status(plain_issuer.sign(claims, typ="JWT")) == 401
    good = plain_issuer.claims(resource.audience)
    assert await resource.status(plain_issuer.sign(good, typ="id+jwt")) == 401


async def test_the_scopes_of_the_token_decide(resource: Resource, issuer: RemoteControl) -> None:
    reader = resource.client(resource.token(issuer, scope="openid lists:read household:delete"))
    await reader.call("list_items")
    refused = await reader.send("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    writer = resource.client(resource.token(issuer, scope="lists:write"))
    await writer.call("add_items", items=["milk"])
    stranger = resource.client(resource.token(issuer, scope="openid profile"))
    assert (await stranger.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 403
