"""The bearer check: is this access token one of ours, for us, and alive?"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from app.config import Settings
from app.oauth.keys import ALGORITHM, TOKEN_TYPE, KeyRing

LEEWAY_SECONDS: Final = 60
LONGEST_TOKEN: Final = 4_096
_REQUIRED: Final = ["iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"]


class Claims(BaseModel):
    """The claims of an access token that the service uses (RFC 9068 section 2.2, and `gid`: the grant)."""

    model_config = ConfigDict(frozen=True)

    iss: str
    sub: UUID
    client_id: str
    gid: UUID
    scope: str
    exp: datetime


class TokenVerifier:
    """Verifies tokens of the embedded issuer."""

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._issuer = settings.issuer
        self._audience = settings.resource
        self._keys = keys

    async def verify(self, token: str) -> Claims | None:
        """The claims of a good token; None for every other one, and never which check failed."""
        if len(token) > LONGEST_TOKEN:
            return None
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
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
            return Claims.model_validate(payload)
        except (jwt.PyJWTError, ValidationError):
            return None


def _is_access_token(kind: object) -> bool:
    # The type tells an access token from an ID token; both spellings name one media type (RFC 9068 section 4).
    return isinstance(kind, str) and kind.lower().removeprefix("application/") == TOKEN_TYPE
