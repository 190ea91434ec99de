"""Access tokens: JWTs in the profile of RFC 9068."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.oauth.grants.models import GrantRow
from app.oauth.signing.key_ring import KeyRing
from app.scopes import format_scope

REFRESHED_BEYOND: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Issuable:
    """What a token request is entitled to: a live grant, the scopes of this one access token, and the refresh token
    to use next."""

    grant: GrantRow
    scopes: frozenset[str]
    refresh_token: str | None = None
    is_contested: bool = False
    """Whether the request shows that the grant's refresh token may be in two hands."""


def has_refresh_token(grant: GrantRow) -> bool:
    """Whether a grant comes with a refresh token: when the consent exceeds one hour."""
    return grant.expires_at is None or grant.expires_at - grant.created_at > REFRESHED_BEYOND


def token_life(grant: GrantRow, longest: timedelta, now: datetime) -> timedelta:
    """Return how long an access token of a live grant is valid: never longer than the grant.

    A consent of one hour has no refresh token, so its access token lasts as long as it does, also where others are
    shorter. Nothing is lost by that, because each call looks at the grant.
    """
    if grant.expires_at is None:
        return longest
    left = grant.expires_at - now
    return min(left, longest) if has_refresh_token(grant) else left


class AccessTokens:
    """Issues the access tokens of this server."""

    def __init__(self, issuer: str, audience: str, keys: KeyRing, longest: timedelta) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._longest = longest

    def issue(self, grant: GrantRow, scopes: frozenset[str], now: datetime) -> dict[str, Any]:
        """Return the members of a token response (RFC 6749 section 5.1) with a new access token for a live grant.

        The token names person, client and grant, and never a household. Raises `Unavailable` as `KeyRing.sign` does.
        """
        issued_at = int(now.timestamp())
        seconds = int(token_life(grant, self._longest, now).total_seconds())
        scope = format_scope(scopes)
        token = self._keys.sign(
            {
                "iss": self._issuer,
                "aud": self._audience,
                "sub": str(grant.person_id),
                "client_id": grant.client_id,
                "gid": str(grant.id),
                "jti": secrets.token_urlsafe(16),
                "scope": scope,
                "iat": issued_at,
                "exp": issued_at + seconds,
            }
        )
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": scope}
