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
from app.people.accounts import CreateFirstHousehold, PasswordSignIn
from app.people.login_throttle import LoginThrottle
from app.runtime.clock import Clock
from app.runtime.mailer import Mailer
from app.settings.settings import Settings
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection
from app.ui.pages import Pages


@dataclass(frozen=True, slots=True)
class OAuthContext:
    """The parts that `assembly.authorization_server` puts together once. `verifier` knows our own tokens only: nobody
    ends or asks about those of another issuer here, and so none has to answer first."""

    settings: Settings
    engine: Engine
    keys: KeyRing
    verifier: TokenVerifier
    create_first_household: CreateFirstHousehold
    grant_revoked: GrantRevoked
    clock: Clock
    audit: AuditLog
    pages: Pages
    csrf: CsrfProtection
    cookie: BrowserCookie
    password_sign_in: PasswordSignIn
    login_throttle: LoginThrottle
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

    def url(self, path: str) -> str:
        """An absolute path of ours, below the path in PUBLIC_URL."""
        return f"{self.settings.public_path}{path}"


Handler = Callable[[OAuthContext, Request], Awaitable[Response]]
"""Serves one address."""
