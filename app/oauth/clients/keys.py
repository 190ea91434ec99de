"""Clients' public keys: which are good for signing an assertion (RFC 7517)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.signing.jwk import PRIVATE, Jwk, read_jwk, usable_key

MOST_KEYS: Final = 20
LONGEST_KEYS: Final = 8_192
"""Characters of all that a client registers together: twenty keys of elliptic curves, or ten of RSA with 4096 bits."""

MOST_TRIED: Final = 3
"""Keys that one assertion may be checked with, because it names none, or an id that several have."""

ALGORITHMS: Final = ["ES256", "RS256", "PS256", "EdDSA"]
"""What assertions may be signed with: all asymmetric (RFC 8725 section 3.1)."""


class _JwkSet(BaseModel):
    keys: Annotated[list[dict[str, Any]], Field(max_length=MOST_KEYS)]


_SET: Final = TypeAdapter(_JwkSet)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key, its id, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: list[str]
    jwk: jwt.PyJWK
    members: dict[str, str]


def read_keys(jwks: bytes | dict[str, Any]) -> list[ClientKey]:
    """The usable keys of a JWK set; others in it are passed over (RFC 7517 section 5)."""
    try:
        found = _SET.validate_json(jwks) if isinstance(jwks, bytes) else _SET.validate_python(jwks)
    except ValidationError:
        return []
    known = [jwk for each in found.keys if (jwk := read_jwk(each)) is not None]
    return [key for jwk in known if (key := _usable(jwk)) is not None]


def keys_error(jwks: dict[str, Any]) -> str | None:
    """What is wrong with a JWK set that a client registers; None when it can sign with one of these keys."""
    try:
        found = _SET.validate_python(jwks)
    except ValidationError:
        return f"It is no JWK set of up to {MOST_KEYS} keys."
    if any(PRIVATE & each.keys() for each in found.keys):
        return "It holds a private or secret key. Take that key out of use."
    keys = read_keys(jwks)
    if not keys:
        return f"It holds no public key for {', '.join(ALGORITHMS)}."
    too_long = len(json.dumps(set_of(keys))) > LONGEST_KEYS
    return f"Its keys have more than {LONGEST_KEYS} characters together." if too_long else None


def jwks_uri_error(uri: str) -> str | None:
    """What is wrong with the address of a JWK set; None when it may be fetched (RFC 7591 section 2)."""
    return redirect_uri_error(uri, ()) if uri.startswith("https://") else "It is not https."


def set_of(keys: Sequence[ClientKey]) -> dict[str, Any]:
    """These keys as a JWK set to keep, with the members that are read and nothing else that somebody sent."""
    return {"keys": [key.members for key in keys]}


def tried_keys(keys: Sequence[ClientKey], kid: str | None) -> Sequence[ClientKey]:
    """The keys to check an assertion with that names `kid`, or none."""
    return [key for key in keys if kid is None or key.kid == kid][:MOST_TRIED]


def _usable(jwk: Jwk) -> ClientKey | None:
    usable = {algorithm: key for algorithm in ALGORITHMS if (key := usable_key(jwk, algorithm)) is not None}
    if not usable:
        return None
    return ClientKey(jwk.kid, list(usable), next(iter(usable.values())), jwk.members())
