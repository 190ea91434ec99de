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
from app.people.accounts import PasswordSignIn
from app.people.login_throttle import LoginThrottle
from app.runtime.clock import Clock
from app.runtime.mailer import Mailer
from app.settings.settings import Settings
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection
from app.ui.pages import Pages


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

    pages: Pages
    csrf: CsrfProtection
    cookie: BrowserCookie
    password_sign_in: PasswordSignIn
    login_throttle: LoginThrottle
    mailer: Mailer
    limits: Limits
    documents: MetadataDocuments
    key_sets: KeySets
    oidc_provider: OidcProvider | None

    def url(self, path: str) -> str:
        """An absolute path of ours, below the path in PUBLIC_URL."""
        return f"{self.settings.public_path}{path}"


Handler = Callable[[OAuthContext, Request], Awaitable[Response]]
"""Serves one address."""
