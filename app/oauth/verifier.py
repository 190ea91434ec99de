"""The bearer check: is this access token one of ours, for us, and alive?"""

from datetime import timedelta
from typing import Any, Final

import jwt
from pydantic import ValidationError

from app.config import Settings
from app.oauth.claims_cache import Claims, ClaimsCache, Verified
from app.oauth.keys import ALGORITHM, TOKEN_TYPE, KeyRing
from app.ops.clock import Clock, system_clock

LEEWAY: Final = timedelta(seconds=60)
LONGEST_TOKEN: Final = 4_096
_REQUIRED: Final = ["iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"]


class TokenVerifier:
    """Verifies tokens of the embedded issuer."""

    def __init__(self, settings: Settings, keys: KeyRing, *, clock: Clock = system_clock) -> None:
        self._issuer = settings.issuer
        self._audience = settings.resource
        self._keys = keys
        self._clock = clock
        self._known = ClaimsCache()

    async def verify(self, token: str) -> Claims | None:
        """The claims of a good token; None for every other one, and never which check failed."""
        if len(token) > LONGEST_TOKEN:
            return None
        known = self._known.find(token)
        if known is None:
            return await self._verify(token)
        # The two things that can have changed since the signature was checked.
        if known.claims.exp + LEEWAY > self._clock() and await self._keys.verification_key(known.kid) is not None:
            return known.claims
        self._known.forget(token)
        return None

    async def _verify(self, token: str) -> Claims | None:
        try:
            header = jwt.get_unverified_header(token)
            kid: Any = header.get("kid")
            key = await self._keys.verification_key(kid) if isinstance(kid, str) else None
            if key is None or not _is_access_token(header.get("typ")):
                return None
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": _REQUIRED, "strict_aud": True},
            )
            claims = Claims.model_validate(payload)
        except (jwt.PyJWTError, ValidationError):
            return None
        self._known.keep(token, Verified(kid, claims))
        return claims


def _is_access_token(kind: object) -> bool:
    # The type tells an access token from an ID token; both spellings name one media type (RFC 9068 section 4).
    return isinstance(kind, str) and kind.lower().removeprefix("application/") == TOKEN_TYPE
