"""Public keys of others (JWK, RFC 7517): which of them can verify signatures, and with which algorithm."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

RSA_BITS: Final = range(2048, 8193)
"""Shorter keys can be broken, and longer ones cost too much to use."""

EXPONENTS: Final = range(3, 2**32)
"""Nobody needs more than 65537; one as long as the modulus makes a check a hundred times as expensive."""

PRIVATE: Final = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})
"""Members of private and secret keys, which nobody should send (RFC 7518 sections 6.2.2, 6.3.2 and 6.4)."""

_FITTING: Final[Mapping[str, tuple[str, str | None]]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Key type and curve of each algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1)."""


class Jwk(BaseModel):
    """The members of a public key that are read; others are neither checked nor stored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    kty: str
    crv: str | None = None
    kid: Annotated[str, Field(max_length=256)] | None = None
    use: Literal["sig"] | None = None
    alg: str | None = None
    n: str | None = None
    e: str | None = None
    x: str | None = None
    y: str | None = None

    def members(self) -> dict[str, str]:
        """Return the key as JSON, without absent members."""
        return self.model_dump(exclude_none=True)


def read_jwk(members: Mapping[str, Any]) -> Jwk | None:
    """Return a public key for signatures; None for any other, and for one with private members."""
    if PRIVATE & members.keys():
        return None
    try:
        return Jwk.model_validate(members)
    except ValidationError:
        return None


def usable_key(jwk: Jwk, algorithm: str) -> jwt.PyJWK | None:
    """Return the key if it can verify signatures of that algorithm and is neither too weak nor too costly."""
    kind, curve = _FITTING[algorithm]
    if jwk.kty != kind or jwk.alg not in (None, algorithm) or curve not in (None, jwk.crv):
        return None
    try:
        key = jwt.PyJWK.from_dict(jwk.members(), algorithm)
    except (jwt.PyJWTError, ValueError):
        return None
    return key if not isinstance(key.key, RSAPublicKey) or _is_bounded(key.key) else None


def _is_bounded(key: RSAPublicKey) -> bool:
    return key.key_size in RSA_BITS and key.public_numbers().e in EXPONENTS
