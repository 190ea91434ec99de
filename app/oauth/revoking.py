"""Ending grants."""

from dataclasses import dataclass
from uuid import UUID

from app.oauth.faults import OAuthFault


@dataclass(frozen=True, slots=True)
class Revocation:
    """A finding that ends a grant: which one, why, and what the client is answered (None: nothing went wrong)."""

    grant_id: UUID
    because: str
    fault: OAuthFault | None = None
