"""The claims of access tokens."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


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
    """The claims of another issuer's access token. They name no grant: `ExternalGrants` finds it.

    Client ids are printable ASCII (RFC 6749 appendix A.1). Without a `client_id`, `azp` is the client that the token
    was issued to (OpenID Connect Core section 2).
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
