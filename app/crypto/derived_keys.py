"""One key per purpose, all from SECRET_KEY, so that what leaks of one says nothing of another."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

KEY_BYTES = 32


def derive_key(secret_key: SecretStr, purpose: str) -> bytes:
    """A 256-bit key for `purpose` (RFC 5869, SHA-256, no salt: the input is already random)."""
    info = f"shopping-list-mcp/{purpose}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(secret_key.get_secret_value().encode())
