"""Client assertions: a client authenticates with a JWT that it signed (RFC 7523 section 2.2, `private_key_jwt`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.oauth.clients.keys import ClientKey

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEEWAY: Final = timedelta(seconds=60)
LONGEST_LIFE: Final = timedelta(minutes=10)
"""How far ahead an assertion may expire; until then its id is remembered."""

# Signatures only; claims are checked below, because PyJWT would compare times with a clock of its own.
_JWS: Final = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion whose signature and claims are valid. Whether it was used before is not known yet."""

    client_id: str
    jti: str
    remembered_until: datetime


Wrong = Literal["signature", "claims", "times", "iss or sub", "aud", "exp"]
"""What is wrong with an assertion. Only the log says it, never the response."""


class _Claims(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    iss: str
    sub: str
    # One audience: an assertion for several servers could be replayed by each of them at the others.
    aud: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    exp: int | float
    jti: Annotated[str, Field(min_length=1, max_length=256)]


def claimed_client(text: str) -> str | None:
    """Return the client id that an assertion claims, before anything is verified."""
    try:
        subject = jwt.decode(text, options={"verify_signature": False}).get("sub")
    except jwt.PyJWTError:
        return None
    return subject if isinstance(subject, str) else None


def claimed_key(text: str) -> str | None:
    """Return the id of the key that an assertion claims to be signed with; None without one, and for what is no JWT."""
    try:
        kid = jwt.get_unverified_header(text).get("kid")
    except jwt.PyJWTError:
        return None
    return kid if isinstance(kid, str) else None


def verify_assertion(
    text: str, client_id: str, keys: Sequence[ClientKey], audiences: Collection[str], now: datetime
) -> Assertion | Wrong:
    """Return the assertion if it is signed with one of `keys`, names `client_id` as issuer and subject and one of
    `audiences`, and expires within ten minutes (RFC 7523 section 3); otherwise the first thing that is wrong."""
    for key in keys:
        try:
            payload = _JWS.decode(text, key.jwk.key, algorithms=key.algorithms)
        except jwt.PyJWTError:
            continue
        return _check_claims(payload, client_id, audiences, now)
    return "signature"


def _check_claims(payload: bytes, client_id: str, audiences: Collection[str], now: datetime) -> Assertion | Wrong:
    try:
        claims = _Claims.model_validate_json(payload)
    except ValidationError:
        return "claims"
    try:
        JWTClaimsRegistry(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds())).validate(claims.model_dump())
    except JoseError:
        return "times"
    audience = claims.aud if isinstance(claims.aud, str) else claims.aud[0]
    if (claims.iss, claims.sub) != (client_id, client_id):
        return "iss or sub"
    if audience not in audiences:
        return "aud"
    if claims.exp > (now + LONGEST_LIFE + LEEWAY).timestamp():
        return "exp"
    return Assertion(client_id, claims.jti, datetime.fromtimestamp(claims.exp, UTC) + LEEWAY)
