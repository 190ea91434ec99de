"""Verified claims, kept so that a token's signature is checked once and not at every call.

It holds what the signature proves, nothing that can be taken back: whether the signing key is still good, and whether
the grant still stands, is asked at every call.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from app.crypto.tokens import hash_of

MOST_TOKENS: Final = 10_000


class Claims(BaseModel):
    """The claims of an access token that the service uses (RFC 9068 section 2.2, and `gid`: the grant)."""

    model_config = ConfigDict(frozen=True)

    iss: str
    sub: UUID
    client_id: str
    gid: UUID
    scope: str
    exp: datetime


_PRINTABLE: Final = r"^[\x20-\x7e]+$"


Subject = Annotated[str, Field(max_length=255, pattern=_PRINTABLE)]
"""Printable ASCII, at most 255 characters (OpenID Connect Core section 2)."""


class ExternalClaims(BaseModel):
    """The claims of another issuer's access token. They name no grant: oauth/issuers/external_grants.py finds it.

    Client ids are printable ASCII (RFC 6749 appendix A.1). Where there is no `client_id`, `azp` says who was given the
    token (OpenID Connect Core section 2).
    """

    model_config = ConfigDict(frozen=True)

    iss: str
    sub: Subject
    client_id: Annotated[
        str, Field(max_length=500, pattern=_PRINTABLE, validation_alias=AliasChoices("client_id", "azp"))
    ]
    scope: str = ""
    exp: datetime
    name: str


AccessClaims = Claims | ExternalClaims


@dataclass(frozen=True, slots=True)
class Verified:
    """What one token proved, and the key that signed it."""

    kid: str
    algorithm: str
    claims: AccessClaims


class ClaimsCache:
    """At most MOST_TOKENS by the SHA-256 of their token, never the token itself; the longest unused go first."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, token: str) -> Verified | None:
        """What this very token proved before; whether it has expired since is for the caller to see."""
        key = hash_of(token)
        verified = self._known.get(key)
        if verified is not None:
            self._known.move_to_end(key)
        return verified

    def keep(self, token: str, verified: Verified) -> None:
        """Remember a token that has just been verified."""
        self._known[hash_of(token)] = verified
        if len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)

    def forget(self, token: str) -> None:
        """Drop a token that is no longer good."""
        self._known.pop(hash_of(token), None)
