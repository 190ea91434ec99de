"""Where the parts of the authorization server are put together."""

from dataclasses import dataclass, field
from uuid import UUID

from app.audit.log import AuditLog
from app.db import Engine
from app.fetch.fetcher import Fetcher
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.documents import Documents
from app.oauth.clients.fetch_limits import DOCUMENTS, KEY_SETS, FetchLimits
from app.oauth.clients.key_sets import KeySets
from app.oauth.context import OAuthContext
from app.oauth.grants.revocation import GrantRevoked
from app.oauth.oidc_login.provider import OidcProvider
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.verifier import TokenVerifier
from app.people.login_throttle import LoginThrottle
from app.people.password_sign_in import PasswordSignIn
from app.people.passwords import PasswordHashing
from app.runtime.clock import Clock, system_clock
from app.runtime.mailer import Mailer
from app.settings import Settings
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection
from app.ui.page_kit import PageKit
from app.ui.pages import Pages


def _ignore(grant_id: UUID) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthParts:
    """What an authorization server is given; whoever makes these runs and closes them.

    `audit` gathers what is refused. `grant_revoked` hears of each revoked grant after the
    commit. `fetcher` gets clients' documents and keys, `limiter` checks the rate limits, `hashing` is the queue for
    passwords.
    """

    engine: Engine
    keys: KeyRing
    audit: AuditLog
    fetcher: Fetcher
    mailer: Mailer
    grant_revoked: GrantRevoked = _ignore
    clock: Clock = system_clock
    limiter: RateLimiter = field(default_factory=RateLimiter)
    hashing: PasswordHashing = field(default_factory=PasswordHashing)


def authorization_server(settings: Settings, around: OAuthParts) -> OAuthContext:
    """The authorization server of `settings`. Raises `StartupError` without a SECRET_KEY."""
    secret_key, is_limited, clock = settings.secret_keys[0], settings.limits, around.clock
    limiter = around.limiter
    throttle = LoginThrottle(secret_key, enabled=is_limited)
    upstream = OidcProvider(settings, secret_key, around.fetcher, clock) if settings.oidc_login_issuer else None
    return OAuthContext(
        settings=settings,
        engine=around.engine,
        keys=around.keys,
        verifier=TokenVerifier(settings, around.keys, clock=clock),
        grant_revoked=around.grant_revoked,
        clock=clock,
        audit=around.audit,
        kit=PageKit(
            around.engine,
            clock,
            Pages(settings.public_path, "app.oauth.authorize", "app.web"),
            CsrfProtection(secret_key, settings.public_origin),
            BrowserCookie(settings.public_url),
            settings.public_path,
        ),
        password_sign_in=PasswordSignIn(around.engine, around.hashing, throttle, clock),
        mailer=around.mailer,
        limiter=limiter,
        documents=Documents(settings, around.engine, around.fetcher, FetchLimits(limiter, DOCUMENTS), clock),
        key_sets=KeySets(around.fetcher, FetchLimits(limiter, KEY_SETS), clock),
        oidc_provider=upstream,
    )
