"""The public keys of an issuer (JWK Set, RFC 7517 section 5), by what they may verify."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import jwt
from pydantic import BaseModel, Field

MOST_KEYS: Final = 100

IssuerKeys = Mapping[tuple[str, str], jwt.PyJWK]
"""Keys by `kid` and algorithm."""

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


class KeySet(BaseModel):
    """A JWK Set as it was fetched."""

    keys: list[dict[str, Any]] = Field(max_length=MOST_KEYS)


def usable_keys(fetched: KeySet, algorithms: Iterable[str]) -> IssuerKeys:
    """The keys that may verify signatures of these algorithms.

    A key for another use, of another type, without an id, or too short is left out; so are symmetric ones, whatever
    they say of themselves. Of two with one id and algorithm the first counts.
    """
    found: dict[tuple[str, str], jwt.PyJWK] = {}
    for jwk in fetched.keys:
        kid = jwk.get("kid")
        if not isinstance(kid, str) or jwk.get("use", "sig") != "sig":
            continue
        for algorithm in algorithms:
            key = _key(jwk, algorithm)
            if key is not None:
                found.setdefault((kid, algorithm), key)
    return found


def _key(jwk: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    kind, curve = _FITTING[algorithm]
    if jwk.get("kty") != kind or jwk.get("alg", algorithm) != algorithm or curve not in (None, jwk.get("crv")):
        return None
    try:
        key = jwt.PyJWK.from_dict(jwk, algorithm)
    except (jwt.PyJWTError, KeyError):
        return None
    return key if key.Algorithm.check_key_length(key.key) is None else None
