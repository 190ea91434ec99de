"""Private keys at rest: AES-256-GCM under a key derived from SECRET_KEY."""

import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from app.ops.derived_keys import derive_key

NONCE_BYTES: Final = 12
PURPOSE: Final = "signing-keys"


def seal(plain: bytes, kid: str, secret_key: SecretStr) -> bytes:
    """Nonce and ciphertext. The `kid` is bound in, so sealed keys can't be swapped between rows."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(derive_key(secret_key, PURPOSE)).encrypt(nonce, plain, kid.encode())


def unseal(sealed: bytes, kid: str, secret_keys: Sequence[SecretStr]) -> tuple[bytes, SecretStr] | None:
    """The plain bytes and which of the `secret_keys` opened them; None when none did."""
    for secret_key in secret_keys:
        try:
            cipher = AESGCM(derive_key(secret_key, PURPOSE))
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], kid.encode()), secret_key
        except (InvalidTag, ValueError):
            continue
    return None
