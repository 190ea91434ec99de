"""Clients' public keys: which may sign a client assertion (RFC 7517)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
from pydantic import BaseModel, Field, ValidationError

from app.errors import Invalid
from app.oauth.clients.models import PRIVATE_KEY_JWT
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.signing.jwk import PRIVATE, Jwk, read_jwk, usable_key

MOST_KEYS: Final = 20
LONGEST_KEYS: Final = 8_192
"""Characters of all keys that a client registers: twenty of elliptic curves, or ten of RSA with 4096 bits."""

MOST_CANDIDATES: Final = 3
"""How many keys one assertion is checked with when it names none, or an id that several have."""

ALGORITHMS: Final = ["ES256", "RS256", "PS256", "EdDSA"]
"""What assertions may be signed with: all asymmetric (RFC 8725 section 3.1)."""


class _JwkSet(BaseModel):
    keys: Annotated[list[dict[str, Any]], Field(max_length=MOST_KEYS)]


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key, its id, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: list[str]
    jwk: jwt.PyJWK
    members: dict[str, str]


def read_keys(jwks: bytes | dict[str, Any]) -> list[ClientKey]:
    """Return the usable keys of a JWK Set; others in it are ignored (RFC 7517 section 5)."""
    try:
        found = _JwkSet.model_validate_json(jwks) if isinstance(jwks, bytes) else _JwkSet.model_validate(jwks)
    except ValidationError:
        return []
    known = [jwk for each in found.keys if (jwk := read_jwk(each)) is not None]
    return [key for jwk in known if (key := _usable(jwk)) is not None]


def keys_error(jwks: dict[str, Any]) -> str | None:
    """Return what is wrong with a JWK Set that a client registers; None when one of its keys can be used."""
    try:
        found = _JwkSet.model_validate(jwks)
    except ValidationError:
        return f"It is no JWK Set of up to {MOST_KEYS} keys."
    if any(PRIVATE & each.keys() for each in found.keys):
        return "It holds a private or secret key. Take that key out of use."
    keys = read_keys(jwks)
    if not keys:
        return f"It holds no public key for {', '.join(ALGORITHMS)}."
    too_long = len(json.dumps(jwk_set(keys))) > LONGEST_KEYS
    return f"Its keys have more than {LONGEST_KEYS} characters together." if too_long else None


def jwks_uri_error(uri: str) -> str | None:
    """Return what is wrong with the URL of a JWK Set; None when it may be fetched (RFC 7591 section 2)."""
    return redirect_uri_error(uri, ()) if uri.startswith("https://") else "It is not https."


def jwk_set(keys: Sequence[ClientKey]) -> dict[str, Any]:
    """Return a JWK Set of these keys to store, with only the members that are read."""
    return {"keys": [key.members for key in keys]}


def candidate_keys(keys: Sequence[ClientKey], kid: str | None) -> Sequence[ClientKey]:
    """Return the keys to check an assertion with that names `kid`, or no key (None)."""
    return [key for key in keys if kid is None or key.kid == kid][:MOST_CANDIDATES]


def _usable(jwk: Jwk) -> ClientKey | None:
    usable = {algorithm: key for algorithm in ALGORITHMS if (key := usable_key(jwk, algorithm)) is not None}
    if not usable:
        return None
    return ClientKey(jwk.kid, list(usable), next(iter(usable.values())), jwk.members())


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """The keys that an operator registers for a client: a JWK Set or its URL, or neither for a client with a secret."""

    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None


NO_KEYS: Final = GivenKeys()


def check_given_keys(auth_method: str, keys: GivenKeys) -> GivenKeys:
    """Return the keys as they are stored: for private_key_jwt, and in exactly one of the two ways (RFC 7591 section 2).

    Raises `Invalid`, worded for the commands.
    """
    if auth_method != PRIVATE_KEY_JWT:
        if keys != NO_KEYS:
            raise Invalid("--jwks-file and --jwks-uri are for --auth-method private_key_jwt.", field="jwks")
    elif (keys.jwks is None) == (keys.jwks_uri is None):
        raise Invalid("--auth-method private_key_jwt needs either --jwks-file or --jwks-uri.", field="jwks")
    if keys.jwks_uri is not None and (reason := jwks_uri_error(keys.jwks_uri)) is not None:
        raise Invalid(f"--jwks-uri is refused. {reason}", field="jwks")
    if keys.jwks is None:
        return keys
    if (reason := keys_error(keys.jwks)) is not None:
        raise Invalid(f"--jwks-file is refused. {reason}", field="jwks")
    return GivenKeys(jwks=jwk_set(read_keys(keys.jwks)))
