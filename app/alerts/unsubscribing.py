"""The address in each letter that ends them without a sign-in (RFC 8058): it names the person, and proves that this
service has written it. It works for as long as SECRET_KEY is known: a letter may be old."""

import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from app.crypto.derived_keys import derive_key

PURPOSE: Final = "letters"


def unsubscribe_token(person_id: UUID, secret_key: SecretStr) -> str:
    """Return the token for a person."""
    return f"{person_id.hex}.{_proof(person_id, secret_key)}"


def person_of(token: str, secret_keys: Sequence[SecretStr]) -> UUID | None:
    """Return whom a token was made for; None if this service didn't make it."""
    name, _, proof = token.partition(".")
    try:
        person_id = UUID(hex=name)
    except ValueError:
        return None
    given = proof.encode()
    is_known = any(hmac.compare_digest(given, _proof(person_id, each).encode()) for each in secret_keys)
    return person_id if is_known else None


def _proof(person_id: UUID, secret_key: SecretStr) -> str:
    return hmac.digest(derive_key(secret_key, PURPOSE), person_id.bytes, "sha256").hex()
