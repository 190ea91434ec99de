"""Secrets that the service issues, stored only as hashes, and public ids; a prefix shows the kind of each."""

import secrets
from hashlib import sha256
from typing import Final

CODE_PREFIX: Final = "slc_"
REFRESH_TOKEN_PREFIX: Final = "slr_"  # noqa: S105  # a prefix, not a secret
STATE_PREFIX: Final = "slx_"
CLIENT_SECRET_PREFIX: Final = "sls_"  # noqa: S105
API_KEY_PREFIX: Final = "slk_"
LINK_PREFIX: Final = "slm_"
GUEST_LINK_PREFIX: Final = "sll_"
GUEST_KEY_PREFIX: Final = "slg_"

CLIENT_ID_PREFIX: Final = "app_"
SERVICE_ID_PREFIX: Final = "svc_"
KEY_ID_PREFIX: Final = "key_"

SECRET_BYTES: Final = 32
ID_BYTES: Final = 16


def new_secret(prefix: str = "") -> str:
    """Return a prefix and 256 random bits; the value of a cookie has no prefix."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def new_public_id(prefix: str) -> str:
    """Return a prefix and 128 random bits."""
    return prefix + secrets.token_urlsafe(ID_BYTES)


def hash_of(secret: str) -> bytes:
    """Return the hash under which a secret is stored. Plain SHA-256 suffices: 256 random bits can't be guessed."""
    return sha256(secret.encode()).digest()
