"""The public keys of an issuer (JWK Set, RFC 7517 section 5), by what they may verify."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import jwt
from pydantic import BaseModel, Field

from app.oauth.signing.jwk import read_jwk, usable_key

MOST_KEYS: Final = 100

IssuerKeys = Mapping[tuple[str, str], jwt.PyJWK]
"""Keys by `kid` and algorithm."""


class KeySet(BaseModel):
    """A JWK Set as it was fetched."""

    keys: list[dict[str, Any]] = Field(max_length=MOST_KEYS)


def usable_keys(fetched: KeySet, algorithms: Iterable[str]) -> IssuerKeys:
    """The keys that may verify signatures of these algorithms.

    A key for another use, of another type, without an id, or too short is left out; so are symmetric ones, whatever
    they say of themselves. Of two with one id and algorithm the first counts.
    """
    found: dict[tuple[str, str], jwt.PyJWK] = {}
    for members in fetched.keys:
        jwk = read_jwk(members)
        if jwk is None or jwk.kid is None:
            continue
        for algorithm in algorithms:
            key = usable_key(jwk, algorithm)
            if key is not None:
                found.setdefault((jwk.kid, algorithm), key)
    return found
