"""Grants: one person's consent for one client. Refresh tokens hang on them, and every call checks them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.oauth.clients.models import PUBLIC, Client
from app.resources import Resource, resource_at

LOCAL_ISSUER: Final = "stdio"
"""The issuer of grants for programs on the computer of the database, and of the identity of its person. No token has
it: issuers of tokens are addresses."""


class GrantKind(StrEnum):
    """How a grant came about: on the consent page, as an API key, by the token of another issuer, or for a service
    account."""

    CONSENT = "consent"
    KEY = "key"
    EXTERNAL = "external"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant without its households.

    `auth_method` is how its client authenticated when it was approved; None for a grant without an approval, and where
    it was not recorded. `issuer` is the issuer that the client belongs to; None for a client of this service.
    """

    id: UUID
    kind: GrantKind
    person_id: UUID
    client_id: str
    client_name: str
    auth_method: str | None
    issuer: str | None
    scopes: frozenset[str]
    resource: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def endpoint(self) -> Resource:
        """The MCP endpoint that it is for; `resource` is the identifier that this had when the grant was made."""
        return resource_at(self.resource)

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def is_usable_by(self, client: Client) -> bool:
        """Whether a client may use this grant, authenticating as it does today.

        A client's document can change. New keys are accepted, because keys have to be replaced now and then; but what
        was approved for a client that authenticates can't be used by one that only names itself.
        """
        if self.client_id != client.id:
            return False
        return self.auth_method in (None, PUBLIC) or client.token_endpoint_auth_method != PUBLIC


@dataclass(frozen=True, slots=True)
class Grant(GrantRow):
    """What a person allowed a client: these scopes, for this resource, in these households, until `expires_at` (None:
    until revoked)."""

    household_ids: tuple[UUID, ...]
    default_household_id: UUID


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A grant that is about to be stored; `issuer` as in `GrantRow`."""

    id: UUID
    person_id: UUID
    client_id: str
    client: dict[str, str]
    scopes: Iterable[str]
    resource: str
    household_ids: Iterable[UUID]
    default_household_id: UUID
    expires_at: datetime | None
    kind: GrantKind = GrantKind.CONSENT
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class RevokedGrant:
    """A grant that was just revoked."""

    id: UUID
    person_id: UUID
    client_id: str
