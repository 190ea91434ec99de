"""Encryption of stored secrets: AES-256-GCM, with a key derived from SECRET_KEY for each purpose."""

import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from app.crypto.derived_keys import derive_key

NONCE_BYTES: Final = 12


def encrypt(plain: bytes, purpose: str, label: str, secret_key: SecretStr) -> bytes:
    """Return nonce and ciphertext. `label` is authenticated too, so a ciphertext is valid in its own row only."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(derive_key(secret_key, purpose)).encrypt(nonce, plain, label.encode())


def decrypt(
    encrypted: bytes, purpose: str, label: str, secret_keys: Sequence[SecretStr]
) -> tuple[bytes, SecretStr] | None:
    """Return the plaintext and the one of the `secret_keys` that decrypted it, or None if none of them does."""
    for secret_key in secret_keys:
        try:
            cipher = AESGCM(derive_key(secret_key, purpose))
            return cipher.decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], label.encode()), secret_key
        except (InvalidTag, ValueError):
            continue
    return None
