"""Proof Key for Code Exchange, S256 only (RFC 7636)."""

import hmac
import re
from typing import Final, cast

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_s256_challenge(challenge: str) -> bool:
    """Whether the text has the shape of an S256 challenge: 32 bytes in base64url."""
    return _CHALLENGE.fullmatch(challenge) is not None


def verifies(verifier: str, challenge: str) -> bool:
    """Whether the challenge was made from this verifier (section 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = cast("str", create_s256_code_challenge(verifier))
    return hmac.compare_digest(made, challenge)
