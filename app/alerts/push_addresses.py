"""The addresses that browsers give for pushes: checked when they come, and encrypted where they are stored."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from app.alerts.models import PushAddress
from app.crypto.encryption import decrypt, encrypt
from app.errors import Invalid, gettext_noop

PURPOSE: Final = "push-addresses"
LONGEST_ENDPOINT: Final = 1_000
AUTH_BYTES: Final = 16
_LONGEST_KEY: Final = 100

UNUSABLE: Final = gettext_noop("This browser gave no usable address for notifications. Try again, or use another one.")


def parse_address(endpoint: str, browser_key: str, auth_secret: str) -> PushAddress:
    """Return the address that a browser sent, its keys in base64url. Raises `Invalid` for what can't be one.

    That it may be reached at all is decided whenever something is sent: names lead elsewhere later.
    """
    try:
        parts = urlsplit(endpoint)
        is_web = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and not parts.fragment
        _ = parts.port  # raises for one that there can't be
        key, auth = _decoded(browser_key), _decoded(auth_secret)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        raise Invalid(UNUSABLE) from None
    is_plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not is_web or not is_plain or len(endpoint) > LONGEST_ENDPOINT or len(auth) != AUTH_BYTES:
        raise Invalid(UNUSABLE)
    return PushAddress(endpoint, key, auth)


def encrypt_address(address: PushAddress, subscription_id: UUID, secret_key: SecretStr) -> bytes:
    """Return an address as it is stored."""
    parts = (address.endpoint, _encoded(address.browser_key), _encoded(address.auth_secret))
    return encrypt(json.dumps(parts).encode(), PURPOSE, str(subscription_id), secret_key)


def decrypt_address(encrypted: bytes, subscription_id: UUID, secret_keys: Sequence[SecretStr]) -> PushAddress | None:
    """Return a stored address; None if it was stored with a SECRET_KEY that this service has no longer."""
    found = decrypt(encrypted, PURPOSE, str(subscription_id), secret_keys)
    return None if found is None else parse_address(*json.loads(found[0]))


def _decoded(text: str) -> bytes:
    if len(text) > _LONGEST_KEY or not text.isascii():
        raise ValueError("not a key")
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
