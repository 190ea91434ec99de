"""Keys derived from SECRET_KEY, one for each purpose: a leaked one reveals nothing about the others."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

KEY_BYTES = 32


def derive_key(secret_key: SecretStr, purpose: str) -> bytes:
    """Derive a 256-bit key for `purpose` (HKDF, RFC 5869, SHA-256; no salt, because the input is random already)."""
    info = f"shopping-list-mcp/{purpose}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(secret_key.get_secret_value().encode())
