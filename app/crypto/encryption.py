"""Secrets at rest: AES-256-GCM under keys derived from SECRET_KEY, one for each purpose."""

import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from app.crypto.derived_keys import derive_key

NONCE_BYTES: Final = 12


def seal(plain: bytes, purpose: str, label: str, secret_key: SecretStr) -> bytes:
    """Nonce and ciphertext. The `label` is bound in, so what is sealed can't be swapped between rows."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(derive_key(secret_key, purpose)).encrypt(nonce, plain, label.encode())


def unseal(sealed: bytes, purpose: str, label: str, secret_keys: Sequence[SecretStr]) -> tuple[bytes, SecretStr] | None:
    """The plain bytes and which of the `secret_keys` opened them; None when none did."""
    for secret_key in secret_keys:
        try:
            cipher = AESGCM(derive_key(secret_key, purpose))
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], label.encode()), secret_key
        except (InvalidTag, ValueError):
            continue
    return None
