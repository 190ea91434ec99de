"""OAuth clients, and the vocabulary of their registration."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

PUBLIC: Final = "none"
"""The authentication method of a public client, which only names itself."""

SECRET_METHODS: Final = ("client_secret_basic", "client_secret_post")
PRIVATE_KEY_JWT: Final = "private_key_jwt"
CONFIDENTIAL_METHODS: Final = [*SECRET_METHODS, PRIVATE_KEY_JWT]
AUTH_METHODS: Final = [PUBLIC, *CONFIDENTIAL_METHODS]

REGISTRABLE_GRANT_TYPES: Final = ["authorization_code", "refresh_token"]
"""What a client may register for by itself; service accounts are made by the operator."""

GRANT_TYPES: Final = [*REGISTRABLE_GRANT_TYPES, "client_credentials"]


class ClientKind(StrEnum):
    """How a client came to be known."""

    DYNAMIC = "dynamic"
    DOCUMENT = "document"
    PREREGISTERED = "preregistered"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may ask for grants.

    One that authenticates with `private_key_jwt` has its keys in `jwks` or behind `jwks_uri`.
    """

    id: str
    kind: ClientKind
    name: str
    redirect_uris: tuple[str, ...]
    token_endpoint_auth_method: str
    secret_hash: bytes | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    may_introspect: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A client as its metadata document described it.

    Until `fresh_until` the document need not be fetched again; until `stale_until` it is used while it can't be.
    """

    client: Client
    fresh_until: datetime
    stale_until: datetime
