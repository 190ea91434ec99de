"""The keys by which push services know this service (VAPID, RFC 8292).

They are derived from SECRET_KEY, so that all processes and replicas have the same without storing any. A push service
takes for a browser only what is signed with the key that the browser was given, so those of previous SECRET_KEYs stay.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from app.crypto.derived_keys import derive_key
from app.settings import Settings

PURPOSE: Final = "web-push"
VALID_FOR: Final = timedelta(hours=12)
"""A push service refuses what is valid for more than a day."""

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of the curve P-256 (FIPS 186-5)."""


class PushKeys:
    """Signs requests to push services; `contact` is the address at which their operators reach ours."""

    def __init__(self, secret_keys: Sequence[SecretStr], contact: str) -> None:
        keys = [_private_key(each) for each in secret_keys]
        self._keys = {_public_text(each): each for each in keys}
        self._contact = contact

    @property
    def public_key(self) -> str:
        """The public key that browsers are given now, as they take it (base64url)."""
        return next(iter(self._keys))

    def authorization(self, endpoint: str, public_key: str, now: datetime) -> str | None:
        """Return the header Authorization for a request to an endpoint; None where the browser was given a key that
        this service has no longer."""
        private_key = self._keys.get(public_key)
        if private_key is None:
            return None
        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now + VALID_FOR, "sub": self._contact}
        return f"vapid t={jwt.encode(claims, private_key, algorithm='ES256')}, k={public_key}"


def push_keys_of(settings: Settings) -> PushKeys:
    """Return the keys of the service that the settings describe."""
    if settings.operator_email is not None:
        contact = f"mailto:{settings.operator_email}"
    else:
        contact = f"https://{settings.public_parts.hostname}"
    return PushKeys(settings.secret_keys, contact)


def _private_key(secret_key: SecretStr) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(derive_key(secret_key, PURPOSE)) % (_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def _public_text(key: ec.EllipticCurvePrivateKey) -> str:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()
