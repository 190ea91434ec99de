"""Private keys at rest."""

from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr

from app.ops import sealing

PURPOSE: Final = "signing-keys"


def seal(plain: bytes, kid: str, secret_key: SecretStr) -> bytes:
    """Nonce and ciphertext. The `kid` is bound in, so sealed keys can't be swapped between rows."""
    return sealing.seal(plain, PURPOSE, kid, secret_key)


def unseal(sealed: bytes, kid: str, secret_keys: Sequence[SecretStr]) -> tuple[bytes, SecretStr] | None:
    """The plain bytes and which of the `secret_keys` opened them; None when none did."""
    return sealing.unseal(sealed, PURPOSE, kid, secret_keys)
