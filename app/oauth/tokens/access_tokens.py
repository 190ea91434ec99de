"""Access tokens: JWTs in the profile of RFC 9068."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from app.oauth.grants.repository import GrantRow
from app.oauth.signing.key_ring import KeyRing
from app.scopes import format_scope
from app.settings import Settings

ACCESS_TOKEN_LIFE: Final = timedelta(minutes=15)
REFRESHED_BEYOND: Final = timedelta(hours=1)


def has_refresh_token(grant: GrantRow) -> bool:
    """Whether a grant comes with a refresh token: when the consent exceeds one hour."""
    return grant.expires_at is None or grant.expires_at - grant.created_at > REFRESHED_BEYOND


def token_life(grant: GrantRow, now: datetime) -> timedelta:
    """How long an access token of a live grant is good for: 15 minutes, and never longer than the grant.

    A consent of one hour has no refresh token, so its access token lasts as long as it does: "an hour" must not mean
    15 minutes. Nothing is lost by that, because each call looks at the grant.
    """
    if grant.expires_at is None:
        return ACCESS_TOKEN_LIFE
    left = grant.expires_at - now
    return min(left, ACCESS_TOKEN_LIFE) if has_refresh_token(grant) else left


def access_token(settings: Settings, keys: KeyRing, grant: GrantRow, scopes: frozenset[str], now: datetime) -> str:
    """A signed token for a live grant. It names person, client and grant, and never a household."""
    issued_at = int(now.timestamp())
    return keys.sign(
        {
            "iss": settings.issuer,
            "aud": settings.resource,
            "sub": str(grant.person_id),
            "client_id": grant.client_id,
            "gid": str(grant.id),
            "jti": secrets.token_urlsafe(16),
            "scope": format_scope(scopes),
            "iat": issued_at,
            "exp": issued_at + int(token_life(grant, now).total_seconds()),
        }
    )
