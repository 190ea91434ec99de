"""What the pages for people share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request

from app.alerts.push_keys import PushKeys
from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.households.tenant import ListsChanged, MembersChanged
from app.limits.defaults import SIGN_INS
from app.limits.rate_limit import RateLimiter
from app.oauth.grants.revocation import GrantRevocations, GrantRevoked
from app.oauth.oidc_login.provider import OidcProvider
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.password_sign_in import PasswordSignIn
from app.recipes.web_page import ReadPage
from app.runtime.addresses import client_address, known_address
from app.runtime.mailer import Mailer
from app.ui.forms import Fields, typed
from app.ui.page_kit import PageKit
from app.web.destinations import AccountPages, Destinations
from app.web.lists.streams import ListStreams


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """The collaborators of the pages.

    `client_requests` are the requests of OAuth clients that wait for a sign-in; `passkeys` is None where people can't
    have any.
    """

    kit: PageKit
    client_requests: Destinations
    audit: AuditLog
    limiter: RateLimiter
    password_sign_in: PasswordSignIn
    passkeys: PasskeyChallenges | None
    mailer: Mailer
    oidc_provider: OidcProvider | None
    grant_revoked: GrantRevoked
    lists_changed: ListsChanged
    members_changed: MembersChanged
    list_streams: ListStreams
    push_keys: PushKeys
    secret_keys: Sequence[SecretStr]
    others_told: Callable[[], Awaitable[None]]
    public_url: str
    has_passwords: bool
    read_page: ReadPage | None = None
    """Reads a recipe in a web page; None where the settings don't allow it."""

    @property
    def account_pages(self) -> AccountPages:
        """The destinations of sign-ins that no client asked for."""
        return AccountPages(self.kit)

    async def count_attempt(self, request: Request) -> None:
        """Count what asks for a password or sends an e-mail. Raises `RateLimited` for a network with too much of it."""
        await self.limiter.check(SIGN_INS, client_address(request))

    def audit_entry(self, request: Request, action: Action, **known: Any) -> AuditEntry:
        """Return an audit entry about a request; `known` are fields of `AuditEntry`."""
        address = known_address(client_address(request))
        return AuditEntry(action=action, at=self.kit.clock(), address=address, **known)

    def record_refusal(self, request: Request, action: Action, outcome: str, **known: Any) -> None:
        """Have a refusal recorded; many refusals of one source become one row."""
        self.audit.refuse(self.audit_entry(request, action, outcome=outcome, **known))

    def email_hash(self, fields: Fields) -> str | None:
        """Return what is recorded of the e-mail address typed into a form."""
        email = typed(fields, "email")
        return self.audit.email_hash(email) if email else None

    def revocations(self, request: Request) -> GrantRevocations:
        """Return the collector of the grants that a request revokes."""
        return GrantRevocations(self.grant_revoked, known_address(client_address(request)))
