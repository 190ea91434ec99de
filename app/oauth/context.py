"""What the endpoints of the authorization server share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.audit.log import AuditLog
from app.db import Engine
from app.oauth.clients.key_sets import KeySets
from app.oauth.clients.metadata_documents import MetadataDocuments
from app.oauth.grants.revocation import GrantRevoked
from app.oauth.limits import Limits
from app.oauth.oidc_login.provider import OidcProvider
from app.oauth.signing.key_ring import KeyRing
from app.people.models import Person
from app.people.password_sign_in import PasswordSignIn
from app.runtime.clock import Clock
from app.runtime.mailer import Mailer
from app.settings import Settings
from app.ui.page_kit import PageKit


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What every endpoint of the authorization server uses.

    `grant_revoked` is called for each revoked grant after the commit.
    """

    settings: Settings
    engine: Engine
    clock: Clock
    audit: AuditLog
    keys: KeyRing
    grant_revoked: GrantRevoked


@dataclass(frozen=True, slots=True)
class OAuthContext(ServerContext):
    """What the pages use as well."""

    kit: PageKit
    password_sign_in: PasswordSignIn
    mailer: Mailer
    limits: Limits
    documents: MetadataDocuments
    key_sets: KeySets
    oidc_provider: OidcProvider | None

    def provider_of(self, person: Person) -> str | None:
        """The name of the provider where a person signs in; None for those with an address, who have a password."""
        return self.oidc_provider.name if self.oidc_provider is not None and person.email is None else None


Handler = Callable[[OAuthContext, Request], Awaitable[Response]]
"""Serves one address."""
