"""What the endpoints of the authorization server share."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from app.audit.log import AuditLog
from app.config import Settings
from app.db import Engine
from app.oauth.keys import KeyRing
from app.ops.clock import Clock
from app.ops.rate_limit import RateLimit
from app.people.accounts import FoundHousehold
from app.people.passwords import PasswordHashing
from app.ui.cookies import BrowserCookie
from app.ui.forms import FormGuard
from app.ui.pages import Pages

REGISTRATIONS_PER_MINUTE = 60
SIGN_INS_PER_MINUTE = 30
TOKEN_FAILURES_PER_MINUTE = 120

GrantRevoked = Callable[[UUID], None]
"""Told of each grant that was revoked, after the commit, so that caches drop it at once."""


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The parts that `routes.oauth_routes` puts together once."""

    settings: Settings
    engine: Engine
    keys: KeyRing
    found_household: FoundHousehold
    grant_revoked: GrantRevoked
    clock: Clock
    audit: AuditLog
    pages: Pages
    guard: FormGuard
    cookie: BrowserCookie
    hashing: PasswordHashing
    registrations: RateLimit
    sign_ins: RateLimit
    token_failures: RateLimit

    def url(self, path: str) -> str:
        """An absolute path of ours, below the path in PUBLIC_URL."""
        return f"{self.settings.public_path}{path}"


def address_of(request: Request) -> str:
    """The network address that a request came from."""
    return request.client.host if request.client else "unknown"
