"""A client that signs assertions (RFC 7523)."""

from dataclasses import dataclass, field
from time import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.oauth.clients.assertions import ASSERTION_TYPE

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key for ES256."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public half, as clients publish it."""
    match key:
        case ec.EllipticCurvePrivateKey():
            jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case rsa.RSAPrivateKey():
            jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case ed25519.Ed25519PrivateKey():
            jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, **members}


@dataclass
class Signer:
    """Makes assertions of one client for one server."""

    client_id: str
    issuer: str
    key: Any = field(default_factory=new_key)
    algorithm: str = "ES256"
    kid: str | None = "k1"

    def jwks(self) -> dict[str, Any]:
        """Its key set."""
        return {"keys": [public_jwk(self.key, kid=self.kid, use="sig", alg=self.algorithm)]}

    def assertion(self, now: float | None = None, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A fresh assertion; None leaves a claim out."""
        moment = int(time() if now is None else now)
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "iat": moment,
            "exp": moment + 60,
            "jti": uuid4().hex,
            **changes,
        }
        sent = {name: value for name, value in claims.items() if value is not None}
        named = {} if self.kid is None else {"kid": self.kid}
        return jwt.encode(sent, self.key, self.algorithm, headers={**named, **(headers or {})})

    def parameters(self, assertion: str | None = None) -> dict[str, str]:
        """What authenticates a request."""
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}


async def asking(http: httpx.AsyncClient, signer: Signer, assertion: str | None = None, **more: str) -> httpx.Response:
    """A token request that is right but for its refresh token: `invalid_grant` means that the client was believed."""
    data = {"grant_type": "refresh_token", "refresh_token": "slr_x", **signer.parameters(assertion), **more}
    return await http.post("/oauth/token", data=data)


def believed(response: httpx.Response) -> bool:
    """Whether the client of such a request was believed."""
    assert (response.status_code, response.json()["error"]) in ((400, "invalid_grant"), (401, "invalid_client"))
    return response.status_code == 400
