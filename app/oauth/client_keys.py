"""Clients' public keys: which are good for signing an assertion (RFC 7517)."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MOST_KEYS: Final = 20
RSA_BITS: Final = range(2048, 8193)

_ALGORITHMS: Final = {("EC", "P-256"): ["ES256"], ("RSA", None): ["RS256", "PS256"], ("OKP", "Ed25519"): ["EdDSA"]}
ALGORITHMS: Final = [name for names in _ALGORITHMS.values() for name in names]
"""What assertions may be signed with: all asymmetric (RFC 8725 section 3.1)."""

_PRIVATE: Final = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})


class _Jwk(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    kty: str
    crv: str | None = None
    kid: Annotated[str, Field(max_length=256)] | None = None
    use: Literal["sig"] | None = None
    alg: str | None = None
    n: str | None = None
    e: str | None = None
    x: str | None = None
    y: str | None = None


class _JwkSet(BaseModel):
    keys: Annotated[list[dict[str, Any]], Field(max_length=MOST_KEYS)]


_SET: Final = TypeAdapter(_JwkSet)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key, its id, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: list[str]
    jwk: jwt.PyJWK


def read_keys(jwks: bytes | dict[str, Any]) -> list[ClientKey]:
    """The usable keys of a JWK set; others in it are passed over (RFC 7517 section 5)."""
    try:
        found = _SET.validate_json(jwks) if isinstance(jwks, bytes) else _SET.validate_python(jwks)
    except ValidationError:
        return []
    return [key for each in found.keys if (key := _usable(each)) is not None]


def fault_of_keys(jwks: dict[str, Any]) -> str | None:
    """What is wrong with a JWK set that a client registers; None when it can sign with one of these keys."""
    try:
        found = _SET.validate_python(jwks)
    except ValidationError:
        return f"It is no JWK set of up to {MOST_KEYS} keys."
    if any(_PRIVATE & each.keys() for each in found.keys):
        return "It holds a private or secret key. Take that key out of use."
    return None if read_keys(jwks) else f"It holds no public key for {', '.join(ALGORITHMS)}."


def _usable(jwk: dict[str, Any]) -> ClientKey | None:
    try:
        checked = _Jwk.model_validate(jwk)
        algorithms = _ALGORITHMS.get((checked.kty, checked.crv), [])
        if checked.alg is not None:
            algorithms = [each for each in algorithms if each == checked.alg]
        if _PRIVATE & jwk.keys() or not algorithms:
            return None
        key = jwt.PyJWK(jwk, algorithm=algorithms[0])
    except (ValidationError, jwt.PyJWTError):
        return None
    # Short keys can be broken, and very long ones cost too much to try.
    if isinstance(key.key, RSAPublicKey) and key.key.key_size not in RSA_BITS:
        return None
    return ClientKey(checked.kid, algorithms, key)
