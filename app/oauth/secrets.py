"""Secrets that we give out. Each has a prefix that tells what it is; only its hash is stored."""

import secrets
from hashlib import sha256
from typing import Final

CODE_PREFIX: Final = "slc_"
STATE_PREFIX: Final = "slx_"
CLIENT_SECRET_PREFIX: Final = "sls_"  # noqa: S105  # a prefix, not a secret
API_KEY_PREFIX: Final = "slk_"
CLIENT_ID_PREFIX: Final = "app_"
SECRET_BYTES: Final = 32


def new_secret(prefix: str) -> str:
    """A prefix and 256 random bits."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """What is stored. Plain SHA-256 will do: there is nothing to guess in 256 random bits."""
    return sha256(secret.encode()).digest()
