"""Clients that prove themselves with a signature: `private_key_jwt`."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from structlog.testing import capture_logs

from app.db import Engine, transaction
from app.fetch.fetcher import Fetcher
from app.oauth.tables import client_assertions, clients
from app.settings import Settings
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.described import publish
from tests.oauth.signing import Signer, asking, believed, new_key, public_jwk
from tests.oauth.tokens import REDIRECT_URI, Attempt, code_of, redeem, refresh, register
from tests.site import Answer, Site

pytestmark = pytest.mark.anyio

METHOD = {"token_endpoint_auth_method": "private_key_jwt"}
ENORMOUS = urlsafe_b64encode((2**2000 + 1).to_bytes(251, "big")).rstrip(b"=").decode()
"""A public exponent that makes each check of a signature cost as much as signing."""


@pytest.fixture
async def server(settings: Settings, engine: Engine, fetcher: Fetcher) -> RunningServer:
    return await start(settings, engine, fetcher)


@pytest.fixture
async def signer(server: RunningServer, http: httpx.AsyncClient) -> Signer:
    """A client that registered its key."""
    signer = Signer("", server.url)
    answer = await register(http, server.url, **METHOD, jwks=signer.jwks())
    assert "client_secret" not in answer
    signer.client_id = answer["client_id"]
    return signer


async def connected(http: httpx.AsyncClient, server: RunningServer, signer: Signer, email: str) -> dict[str, Any]:
    """Tokens of a new person for a client that signs."""
    attempt = Attempt(signer.client_id, server.url)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    redemption = attempt.redemption(code, client_id=None) | signer.parameters()
    tokens = await http.post("/oauth/token", data=redemption)
    assert tokens.status_code == 200, tokens.text
    return tokens.json()


async def walked(http: httpx.AsyncClient, server: RunningServer, signer: Signer, email: str) -> dict[str, Any]:
    """Tokens of a new person for a client that signs, refreshed once and revoked."""
    tokens = await connected(http, server, signer, email)
    used = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = await http.post("/oauth/token", data=used | signer.parameters())
    assert renewed.status_code == 200
    ended = await http.post("/oauth/revoke", data={"token": renewed.json()["refresh_token"]} | signer.parameters())
    assert ended.status_code == 200
    assert await server.grant_of(renewed.json()["access_token"]) is None
    return tokens


# Good ones


async def test_a_registered_client_redeems_refreshes_and_revokes(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer, email: str
) -> None:
    tokens = await walked(http, server, signer, email)
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["client_id"] == signer.client_id


@pytest.mark.proves("""ci-auth-when-registered MUST CIMD §6.2
    A client whose document has keys must authenticate with them at the token endpoint.
    Here: A client whose document says private_key_jwt must sign.""")
@pytest.mark.parametrize("where", ["jwks", "jwks_uri"])
async def test_a_client_with_a_document_does_the_same(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, where: str
) -> None:
    signer = Signer("", server.url)
    site.answers["/keys"] = Answer(json.dumps(signer.jwks()).encode())
    keys = {"jwks": signer.jwks()} if where == "jwks" else {"jwks_uri": site.url("/keys")}
    described: dict[str, Any] = {**METHOD, **keys}
    signer.client_id = publish(site, **described)
    await walked(http, server, signer, email)
    assert site.asked("/keys") == (where == "jwks_uri")
    assert site.asked("/oauth/client.json") == 1


@pytest.mark.proves("""ja-asymmetric SHOULD RFC 9700 §2.5; OAuth 2.1 §2.4
    Asymmetric client authentication is offered.
    Here: ES256, RS256, PS256 and EdDSA.""")
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=["ES256", "RS256", "PS256", "EdDSA"],
)
async def test_every_advertised_algorithm_works(
    server: RunningServer, http: httpx.AsyncClient, key: Any, algorithm: str
) -> None:
    signer = Signer("", server.url, key, algorithm)
    answer = await register(http, server.url, **METHOD, jwks={"keys": [public_jwk(key, kid="k1")]})
    signer.client_id = answer["client_id"]
    assert believed(await asking(http, signer))


@pytest.mark.proves("""ja-aud MUST RFC 7523 §3; draft-ietf-oauth-rfc7523bis; OAuth 2.1 §2.4
    Its audience is our issuer, as a single text.
    Instead: It must be our issuer or our token endpoint, as a text or alone in a list, and nothing besides; clients of
    RFC 7523 as it was written name the endpoint.""")
@pytest.mark.parametrize("audience", ["{url}", "{url}/oauth/token", ["{url}"]])
async def test_the_issuer_and_the_token_endpoint_are_audiences(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer, audience: Any
) -> None:
    written = json.loads(json.dumps(audience).replace("{url}", server.url))
    assert believed(await asking(http, signer, signer.assertion(aud=written)))
    assert believed(await asking(http, signer, signer.assertion(aud=written), client_id=signer.client_id))


async def test_without_a_key_id_each_of_the_clients_keys_is_tried(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    signer = Signer("", server.url, kid=None)
    keys = [public_jwk(new_key(), kid="other"), public_jwk(signer.key)]
    signer.client_id = (await register(http, server.url, **METHOD, jwks={"keys": keys}))["client_id"]
    assert believed(await asking(http, signer))


@pytest.mark.proves("ja-cost")
@pytest.mark.parametrize(("place", "is_tried"), [(2, True), (3, False)])
@pytest.mark.parametrize("kid", [None, "k1"])
async def test_three_keys_at_most_are_tried(
    server: RunningServer, http: httpx.AsyncClient, kid: str | None, place: int, is_tried: bool
) -> None:
    signer = Signer("", server.url, kid=kid)
    members = {} if kid is None else {"kid": kid}
    keys = [public_jwk(signer.key if number == place else new_key(), **members) for number in range(5)]
    signer.client_id = (await register(http, server.url, **METHOD, jwks={"keys": keys}))["client_id"]
    assert believed(await asking(http, signer)) is is_tried


# Bad ones


@pytest.mark.proves("""ja-iss-sub MUST RFC 7523 §3
    A client assertion's iss and sub are both the client id.
    Here: Both must be the client id.""")
@pytest.mark.proves("""ja-exp MUST RFC 7523 §3
    It has an end that is near, and an expired one is refused.
    Here: It must lie ahead, by ten minutes at most.""")
@pytest.mark.proves("ja-aud")
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": "someone else"},
        {"sub": None},
        {"sub": "app_unknown"},
        {"aud": None},
        {"aud": "https://other.example"},
        {"aud": "{url}/"},
        {"aud": ["{url}", "https://other.example"]},
        {"aud": []},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 0},
        {"exp": -60},
        {"exp": 601},
        {"exp": 10**400},
        {"nbf": 61},
        {"iat": 61},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
    ],
    ids=str,
)
async def test_a_wrong_claim_is_not_believed(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer, changes: dict[str, Any]
) -> None:
    now = int(server.clock().timestamp())
    moments = {"exp": now + 60, "nbf": now, "iat": now}
    written = json.loads(json.dumps(changes).replace("{url}", server.url))
    for name, value in written.items():
        if name in moments and isinstance(value, int) and not isinstance(value, bool):
            written[name] = value if value in (0, 10**400) else now + value + (60 if name == "exp" and value > 0 else 0)
    assert not believed(await asking(http, signer, signer.assertion(now, **written)))


@pytest.mark.proves("""ja-signature MUST RFC 7523 §3; RFC 8725 §3.1
    It is signed with a registered key and a pinned asymmetric algorithm.
    Here: Only the client's own keys and pinned algorithms count.""")
async def test_only_the_clients_own_key_and_a_pinned_algorithm_count(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer
) -> None:
    claims = jwt.decode(signer.assertion(), options={"verify_signature": False})
    public = signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = Signer(signer.client_id, server.url)
    forged = [
        stranger.assertion(),
        jwt.encode(claims, "", "none", headers={"kid": "k1"}),
        jwt.PyJWS().encode(json.dumps(claims).encode(), "x" * 32, "HS256", headers={"kid": "k1"}),
        _signed_with(public, claims),
        Signer(signer.client_id, server.url, ec.generate_private_key(ec.SECP384R1()), "ES384").assertion(),
        signer.assertion(headers={"kid": "k2"}),
        signer.assertion(headers={"crit": ["x"], "x": 1}),
        stranger.assertion(headers={"jwk": public_jwk(stranger.key)}),
        stranger.assertion(headers={"jku": "https://evil.example/keys"}),
        stranger.assertion(headers={"x5u": "https://evil.example/keys"}),
        "",
        "a.b.c",
        signer.assertion()[:-4],
        signer.assertion() + ".x",
    ]
    for assertion in forged[:10] + forged[11:]:
        assert not believed(await asking(http, signer, assertion)), assertion
    assert believed(await asking(http, signer))


def _signed_with(secret: bytes, claims: dict[str, Any]) -> str:
    """HS256 with a public key as its secret, which PyJWT itself refuses to make."""

    def part(data: bytes) -> bytes:
        return urlsafe_b64encode(data).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "kid": "k1"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (head + b"." + part(hmac.digest(secret, head, "sha256"))).decode()


@pytest.mark.parametrize("payload", ["[" * 4000, '{"sub":' * 800, '{"sub": "\\ud800"}', '{"sub": "a\\u0000b"}', "7"])
async def test_a_payload_that_is_no_claims_is_not_believed(
    http: httpx.AsyncClient, signer: Signer, payload: str
) -> None:
    assertion = jwt.PyJWS().encode(payload.encode(), signer.key, "ES256", headers={"kid": "k1"})
    assert not believed(await asking(http, signer, assertion))


@pytest.mark.proves("""ja-jti SHOULD RFC 7523 §3; RFC 9700 §2.5
    It is valid once: its jti is remembered until it expires.
    Here: Its hash is stored until the assertion ends; a second use is refused, also at the same moment.""")
async def test_an_assertion_is_good_once(server: RunningServer, http: httpx.AsyncClient, signer: Signer) -> None:
    assertion = signer.assertion()
    assert believed(await asking(http, signer, assertion))
    assert not believed(await asking(http, signer, assertion))
    revoked = await http.post("/oauth/revoke", data={"token": "x", **signer.parameters(assertion)})
    assert revoked.status_code == 401
    async with transaction(server.engine) as connection:
        rows = (await connection.execute(select(client_assertions))).all()
    assert len(rows) == 1
    assert jwt.decode(assertion, options={"verify_signature": False})["jti"] not in str(rows)


async def test_the_log_says_what_the_answer_does_not(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer
) -> None:
    now = int(server.clock().timestamp())
    used = signer.assertion()
    assert believed(await asking(http, signer, used))
    stranger = Signer(signer.client_id, server.url)
    for wrong, assertion in {
        "signature": stranger.assertion(),
        "claims": signer.assertion(aud=[server.url, "https://other.example"]),
        "times": signer.assertion(exp=now - 120),
        "iss or sub": signer.assertion(iss="someone else"),
        "aud": signer.assertion(aud="https://other.example"),
        "exp": signer.assertion(exp=now + 1200),
        "jti": used,
    }.items():
        with capture_logs() as log:
            assert not believed(await asking(http, signer, assertion))
        logged = [entry for entry in log if entry["event"] == "client not believed"]
        assert [(entry["client_id"], entry["wrong"]) for entry in logged] == [(signer.client_id, wrong)]


@pytest.mark.proves("ja-jti")
async def test_of_sixteen_uses_at_once_one_counts(http: httpx.AsyncClient, signer: Signer) -> None:
    assertion = signer.assertion()
    outcomes: list[bool] = []

    async def one() -> None:
        outcomes.append(believed(await asking(http, signer, assertion)))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(one)
    assert sorted(outcomes) == [False] * 15 + [True]


async def test_two_clients_may_use_the_same_id_for_an_assertion(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer
) -> None:
    other = Signer("", server.url)
    other.client_id = (await register(http, server.url, **METHOD, jwks=other.jwks()))["client_id"]
    assert believed(await asking(http, signer, signer.assertion(jti="same")))
    assert believed(await asking(http, other, other.assertion(jti="same")))


@pytest.mark.proves("ja-type")
async def test_the_assertion_of_one_client_is_none_of_another(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer
) -> None:
    other = (await register(http, server.url))["client_id"]
    assert not believed(await asking(http, signer, client_id=other))
    assert not believed(await asking(http, signer, signer.assertion(iss=other, sub=other)))


@pytest.mark.proves("ci-auth-when-registered")
async def test_who_must_sign_can_not_do_without(http: httpx.AsyncClient, signer: Signer) -> None:
    for more in ({}, {"client_secret": "s"}):
        data = {"grant_type": "refresh_token", "refresh_token": "slr_x", "client_id": signer.client_id, **more}
        response = await http.post("/oauth/token", data=data)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.proves("""ja-type MUST RFC 7523 §2.2; RFC 7521 §4.2
    client_assertion_type is the registered one, and a client_id beside it is the same client.
    Here: Another type, two ways at once, or another client's assertion is refused.""")
async def test_two_ways_at_once_or_half_of_one_are_malformed(http: httpx.AsyncClient, signer: Signer) -> None:
    assertion = signer.assertion()
    for broken in (
        {"client_secret": "s", **signer.parameters(assertion)},
        {"client_assertion": assertion},
        {"client_assertion_type": signer.parameters(assertion)["client_assertion_type"]},
        {
            "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        },
    ):
        response = await http.post("/oauth/token", data={"grant_type": "refresh_token", **broken})
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    basic = httpx.BasicAuth(signer.client_id, "s")
    response = await http.post("/oauth/token", data=signer.parameters(assertion), auth=basic)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert believed(await asking(http, signer, assertion))


# Which keys may be registered


@pytest.mark.proves("""ja-cost SHOULD RFC 8725 §3.2; own rule
    Checking an assertion costs little, whatever keys a client registered.
    Here: RSA keys have 2048 to 8192 bits and an exponent below 2^32, and three keys at most are tried.""")
@pytest.mark.parametrize(
    ("jwks", "said"),
    [
        ({}, "It is no JWK Set"),
        ({"keys": "k"}, "It is no JWK Set"),
        ({"keys": [7]}, "It is no JWK Set"),
        ({"keys": []}, "It holds no public key"),
        ({"keys": [public_jwk(new_key())] * 21}, "It is no JWK Set of up to 20 keys"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "It holds a private or secret key"),
        ({"keys": [public_jwk(new_key(), d="AA")]}, "It holds a private or secret key"),
        ({"keys": [public_jwk(new_key(), use="enc")]}, "It holds no public key"),
        ({"keys": [public_jwk(new_key(), alg="ES384")]}, "It holds no public key"),
        ({"keys": [public_jwk(new_key(), x=7)]}, "It holds no public key"),
        ({"keys": [public_jwk(new_key(), kty=["EC"])]}, "It holds no public key"),
        ({"keys": [public_jwk(new_key(), y="AA")]}, "It holds no public key"),
        ({"keys": [public_jwk(ec.generate_private_key(ec.SECP384R1()))]}, "It holds no public key"),
        ({"keys": [public_jwk(rsa.generate_private_key(65537, 1024))]}, "It holds no public key"),  # noqa: S505
        ({"keys": [{"kty": "RSA", "n": "x" * 40_000, "e": "AQAB"}]}, "It holds no public key"),
        ({"keys": [public_jwk(rsa.generate_private_key(65537, 2048), e=ENORMOUS)]}, "It holds no public key"),
        ({"keys": [public_jwk(rsa.generate_private_key(65537, 2048), kid="k" * 200)] * 20}, "Its keys have more"),
    ],
    ids=range(17),
)
async def test_keys_that_can_not_do_are_refused_at_registration(
    http: httpx.AsyncClient, jwks: dict[str, Any], said: str
) -> None:
    refused = await http.post("/oauth/register", json={"redirect_uris": [REDIRECT_URI], **METHOD, "jwks": jwks})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    assert said in refused.json()["error_description"]


async def test_one_way_to_the_keys_is_needed_and_no_more(http: httpx.AsyncClient) -> None:
    both = {"jwks": {"keys": [public_jwk(new_key())]}, "jwks_uri": "https://app.example/keys"}
    for keys in ({}, both):
        refused = await http.post("/oauth/register", json={"redirect_uris": [REDIRECT_URI], **METHOD, **keys})
        assert refused.json()["error_description"] == "private_key_jwt needs either jwks or jwks_uri."


@pytest.mark.proves("""ja-kept SHOULD own rule
    Of a client's keys only public members that are read are kept.
    Here: Unknown members and unusable keys are left out.""")
@pytest.mark.parametrize("extra", ["NaN", "-Infinity", "1e999", '"\\u0000"', "[" * 90 + "]" * 90])
async def test_of_keys_only_what_is_read_is_kept(
    server: RunningServer, http: httpx.AsyncClient, signer: Signer, extra: str
) -> None:
    jwk = json.dumps(signer.jwks()["keys"][0])
    useless = json.dumps(public_jwk(ec.generate_private_key(ec.SECP384R1())))
    jwks = f'{{"extra": {extra}, "keys": [{jwk[:-1]}, "x5u": {extra}}}, {useless}]}}'
    method = '"token_endpoint_auth_method": "private_key_jwt"'
    body = f'{{"redirect_uris": ["{REDIRECT_URI}"], {method}, "extra": {extra}, "jwks": {jwks}}}'
    answer = await http.post("/oauth/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["jwks"] == signer.jwks()
    async with transaction(server.engine) as connection:
        row = (await connection.execute(select(clients).where(clients.c.id == answer.json()["client_id"]))).one()
    assert row.jwks == signer.jwks()
    assert "jwks" not in row.metadata


# Documents whose keys change


@pytest.mark.proves("""ci-key-change SHOULD CIMD §6.3
    Changes of a client's metadata and keys are looked at before trust is carried over.
    Here: New keys replace the old ones, because keys have to be replaced now and then. A grant of a client that had
    to sign is not valid for the client once it need not sign.""")
@pytest.mark.parametrize("how", ["jwks", "jwks_uri"])
async def test_new_keys_of_a_document_are_taken_over_and_the_old_ones_end(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, how: str
) -> None:
    old, new = Signer("", server.url), Signer("", server.url, kid="k2")

    def published(signer: Signer) -> str:
        site.answers["/keys"] = Answer(json.dumps(signer.jwks()).encode())
        keys: dict[str, Any] = {"jwks": signer.jwks()} if how == "jwks" else {"jwks_uri": site.url("/keys")}
        return publish(site, **METHOD, **keys)

    old.client_id = new.client_id = published(old)
    tokens = await connected(http, server, old, email)
    assert published(new) == new.client_id
    server.clock.move(hours=2)
    await Browser(http).open(Attempt(new.client_id, server.url).url())
    now = server.clock().timestamp()
    used = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await http.post("/oauth/token", data=used | old.parameters(old.assertion(now)))).status_code == 401
    assert (await http.post("/oauth/token", data=used | new.parameters(new.assertion(now)))).status_code == 200


@pytest.mark.proves("ci-key-change")
async def test_what_was_approved_for_a_client_that_signs_is_nothing_for_one_that_does_not(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    signer = Signer("", server.url)
    signed: dict[str, Any] = {**METHOD, "jwks": signer.jwks()}
    signer.client_id = publish(site, **signed)
    tokens = await connected(http, server, signer, email)
    attempt = Attempt(signer.client_id, server.url)
    server.clock.move(minutes=4, seconds=50)
    code = code_of(await Browser(http).approve(await Browser(http).open(attempt.url())))
    publish(site)
    server.clock.move(seconds=20)
    page = await Browser(http).open(attempt.url())
    assert (await redeem(http, attempt, code)).json()["error"] == "invalid_grant"
    renewal = await refresh(http, server.url, signer.client_id, tokens["refresh_token"])
    assert (renewal.status_code, renewal.json()["error"]) == (400, "invalid_grant")
    assert (await redeem(http, attempt, code_of(await Browser(http).approve(page)))).status_code == 200
    publish(site, **signed)
    server.clock.move(minutes=6)
    await Browser(http).open(attempt.url())
    now = server.clock().timestamp()
    used = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await http.post("/oauth/token", data=used | signer.parameters(signer.assertion(now)))).status_code == 200
