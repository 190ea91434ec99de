"""What the endpoints of the authorization server share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.audit.log import AuditLog
from app.db import Engine
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.documents import Documents
from app.oauth.clients.key_sets import KeySets
from app.oauth.grants.revocation import GrantRevoked
from app.oauth.oidc_login.provider import OidcProvider
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.verifier import TokenVerifier
from app.people.models import Person
from app.people.password_sign_in import PasswordSignIn
from app.runtime.clock import Clock
from app.runtime.mailer import Mailer
from app.settings import Settings
from app.ui.page_kit import PageKit


@dataclass(frozen=True, slots=True)
class OAuthContext:
    """The parts that `assembly.authorization_server` puts together once. `verifier` knows our own tokens only: nobody
    ends or asks about those of another issuer here, and so none has to answer first."""

    settings: Settings
    engine: Engine
    keys: KeyRing
    verifier: TokenVerifier
    grant_revoked: GrantRevoked
    clock: Clock
    audit: AuditLog
    kit: PageKit
    password_sign_in: PasswordSignIn
    mailer: Mailer
    limiter: RateLimiter
    documents: Documents
    key_sets: KeySets
    oidc_provider: OidcProvider | None

    @property
    def assertion_audiences(self) -> tuple[str, ...]:
        """What a client assertion may be meant for: our issuer, or the token endpoint, which clients of RFC 7523 as it
        was written still name."""
        return (self.settings.issuer, f"{self.settings.public_url}/oauth/token")

    def provider_of(self, person: Person) -> str | None:
        """The name of the provider where a person signs in; None for those with an address, who have a password."""
        return self.oidc_provider.name if self.oidc_provider is not None and person.email is None else None


Handler = Callable[[OAuthContext, Request], Awaitable[Response]]
"""Serves one address."""
