"""What every endpoint of the authorization server uses."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.db import Engine
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.policy import ClientPolicy
from app.oauth.grants.revocation import GrantRevocations, GrantRevoked
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.policy import TokenPolicy
from app.runtime.addresses import client_address, known_address
from app.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class OAuthContext:
    """An endpoint is given this, and the collaborators that it alone uses.

    `public_url` is the issuer too (RFC 8414 section 2). `grant_revoked` is called for each revoked grant after the
    commit.
    """

    public_url: str
    client_policy: ClientPolicy
    engine: Engine
    clock: Clock
    audit: AuditLog
    keys: KeyRing
    grant_revoked: GrantRevoked
    limiter: RateLimiter
    tokens: TokenPolicy

    def audit_entry(self, request: Request, action: Action, **known: Any) -> AuditEntry:
        """Return an audit entry about a request; `known` are fields of `AuditEntry`."""
        address = known_address(client_address(request))
        return AuditEntry(action=action, at=self.clock(), address=address, **known)

    def record_refusal(self, request: Request, action: Action, outcome: str, **known: Any) -> None:
        """Have a refusal recorded; many refusals from one source become one row."""
        self.audit.refuse(self.audit_entry(request, action, outcome=outcome, **known))

    def revocations(self, request: Request) -> GrantRevocations:
        """Return the collector of the grants that a request revokes."""
        return GrantRevocations(self.grant_revoked, known_address(client_address(request)))
