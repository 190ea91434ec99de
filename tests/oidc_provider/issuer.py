"""One issuer: its keys, its user, and what it signs."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

CLIENT_ID = "shopping-list"
CLIENT_SECRET = "a secret of the client at the provider"


@dataclass(frozen=True)
class Key:
    """A key pair and how it signs."""

    kid: str
    algorithm: str
    private: Any

    def jwk(self) -> dict[str, Any]:
        """The public half (RFC 7517)."""
        public: Any = get_default_algorithms()[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}


@dataclass(frozen=True)
class Code:
    """What an authorization code stands for."""

    redirect_uri: str
    challenge: str
    nonce: str | None


@dataclass
class Issuer:
    """The state of one issuer. `options` are set by tests:

    `user` (claims about who is signed in), `algorithm`, `id_token` (claims over the right ones; None leaves one out),
    `id_token_header`, `metadata` (members over the right ones), `away` (metadata and keys answer 503).
    """

    identifier: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: list[Key] = field(default_factory=list[Key])
    codes: dict[str, Code] = field(default_factory=dict[str, Code])
    asked: Counter[str] = field(default_factory=Counter[str])

    def metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery section 3."""
        right = {
            "issuer": self.identifier,
            "authorization_endpoint": f"{self.identifier}/authorize",
            "token_endpoint": f"{self.identifier}/token",
            "jwks_uri": f"{self.identifier}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile"],
            "authorization_response_iss_parameter_supported": True,
        }
        return _over(right, self.options.get("metadata", {}))

    def key(self) -> Key:
        """The key that signs now."""
        algorithm = self.options.get("algorithm", "ES256")
        if not self.keys or self.keys[0].algorithm != algorithm:
            self.keys.insert(0, Key(secrets.token_urlsafe(8), algorithm, _private(algorithm)))
        return self.keys[0]

    def rotate(self) -> None:
        """From now on another key signs, and the ones before are gone."""
        self.keys.clear()
        self.key()

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A token with these very claims; the header's members come over `alg` and `kid`."""
        key = self.key()
        return jwt.encode(claims, key.private, key.algorithm, headers={"kid": key.kid, **header})

    def id_token(self, code: Code) -> str:
        """OpenID Connect Core section 2."""
        now = int(time.time())
        right = {
            "iss": self.identifier,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": code.nonce,
            **self.options.get("user", {"sub": "ada"}),
        }
        return self.sign(self.options.get("id_token_header", {}), _over(right, self.options.get("id_token", {})))


def _over(right: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def _private(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
