"""Access tokens that pretend to be ours: by the key that we publish, by what the header names, by what is left out."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from app.config import Settings
from app.db import Engine
from app.main import create_app
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


@pytest.fixture
def factory(engine: Engine, settings: Settings) -> Factory:
    return Factory(engine, settings)


@pytest.fixture
async def ada(factory: Factory) -> Connected:
    return await factory.connected("Ada")


class Door:
    """`/mcp` of the whole service, and how it answers a token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def status(self, token: str) -> int:
        return (await McpClient(self._http, token).send("tools/list")).status_code


@pytest.fixture
async def door(settings: Settings) -> Any:
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
    ):
        yield Door(http)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


async def test_the_published_key_is_no_secret_to_sign_with(door: Door, factory: Factory, ada: Connected) -> None:
    header, claims = parts(ada.token)
    (jwk,) = factory.keys.public_keys()["keys"]
    public: Any = jwt.PyJWK.from_dict(jwk).key
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk).encode(),
        jwk["x"].encode(),
    ]
    assert await door.status(ada.token) == 200
    for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        for secret in secrets:
            head = json.dumps({**header, "alg": algorithm}).encode()
            signed = f"{encoded(head)}.{encoded(json.dumps(claims).encode())}"
            token = f"{signed}.{encoded(hmac.digest(secret, signed.encode(), digest))}"
            assert await door.status(token) == 401


async def test_what_a_header_names_chooses_no_key(door: Door, factory: Factory, ada: Connected) -> None:
    """RFC 8725 section 3.10: `kid` as a path, an address or SQL; `jwk`, `jku`, `x5u` and `x5c` with another key."""
    header, claims = parts(ada.token)
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = {**ECAlgorithm.to_jwk(own.public_key(), as_dict=True), "kid": header["kid"], "alg": "ES256"}
    address = "http://127.0.0.1:9/jwks"
    kids = ["/dev/null", "../../keys", address, "' OR '1'='1", "\x00", "", header["kid"] + " ", "a" * 2_000]
    members: list[dict[str, Any]] = [{"kid": kid} for kid in kids]
    members += [{"jwk": jwk}, {"jku": address}, {"x5u": address}, {"x5c": ["MIIB"]}]
    for member in members:
        assert await door.status(jwt.encode(claims, own, "ES256", headers={**header, **member})) == 401, member
    ours = factory.keys._signing[0].private_key  # pyright: ignore[reportPrivateUsage]
    assert await door.status(jwt.encode(claims, ours, "ES256", headers={**header, "jku": address})) == 200
    assert await door.status(jwt.encode(claims, ours, "ES256", headers={**header, "kid": "/dev/null"})) == 401
    critical = {**header, "crit": ["extra"], "extra": True}
    assert await door.status(jwt.encode(claims, ours, "ES256", headers=critical)) == 401


async def test_every_claim_of_the_profile_is_needed(door: Door, factory: Factory, ada: Connected) -> None:
    _, claims = parts(ada.token)
    for name in ("iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"):
        left = {each: value for each, value in claims.items() if each != name}
        assert await door.status(factory.keys.sign(left)) == 401, name
        if name != "iss":  # the library that signs refuses that one
            assert await door.status(factory.keys.sign({**claims, name: None})) == 401, name
    assert await door.status(factory.keys.sign({**claims, "extra": "ignored"})) == 200


async def test_a_token_that_is_not_valid_yet_is_refused(door: Door, factory: Factory, ada: Connected) -> None:
    _, claims = parts(ada.token)
    for changes, status in (
        ({"nbf": claims["iat"] + 120}, 401),
        ({"iat": claims["iat"] + 120}, 401),
        ({"nbf": claims["iat"] - 1}, 200),
        ({"nbf": "tomorrow"}, 401),
        ({"aud": [claims["aud"]]}, 401),
    ):
        assert await door.status(factory.keys.sign({**claims, **changes})) == status, changes


async def test_person_and_client_must_be_those_of_the_grant(door: Door, factory: Factory, ada: Connected) -> None:
    eve = await factory.connected("Eve")
    _, claims = parts(ada.token)
    for changes in ({"sub": str(eve.person.id)}, {"client_id": "another"}, {"gid": str(eve.grant_id)}):
        assert await door.status(factory.keys.sign({**claims, **changes})) == 401, changes
