"""A push service on this machine, over TLS, and browsers at it: what arrives there is checked and decrypted by other
libraries than those that the service sends with."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import http_ece  # pyright: ignore[reportMissingTypeStubs]
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.site import Answer, Site

_http_ece: Any = http_ece


def encoded(value: bytes) -> str:
    """Bytes as browsers send them."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Bytes from what browsers send."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class PushedBrowser:
    """A browser that subscribed at the push service."""

    site: Site
    path: str = field(default_factory=lambda: f"/push/{secrets.token_urlsafe(16)}")
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _read: int = 0

    def __post_init__(self) -> None:
        self.answers(201)

    def answers(self, status: int, **headers: str) -> None:
        """Have the push service answer so from now on."""
        self.site.answers[self.path] = Answer(b"", status, headers)

    @property
    def endpoint(self) -> str:
        """Where pushes for it go."""
        return self.site.url(self.path)

    @property
    def key(self) -> str:
        """Its public key."""
        return encoded(self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def fields(self) -> dict[str, str]:
        """What it sends to the service."""
        return {"endpoint": self.endpoint, "p256dh": self.key, "auth": encoded(self.auth)}

    @property
    def requests(self) -> list[tuple[dict[str, str], bytes]]:
        """All requests for it, with headers and body."""
        return [(headers, body) for _, path, headers, body in self.site.seen if path == self.path]

    def arrived(self) -> list[dict[str, Any]]:
        """What it was sent since the last time, decrypted."""
        fresh = self.requests[self._read :]
        self._read += len(fresh)
        return [self.decrypted(body) for _, body in fresh]

    def decrypted(self, body: bytes) -> dict[str, Any]:
        """A message, by the key of this browser."""
        plain = _http_ece.decrypt(body, private_key=self.private_key, auth_secret=self.auth, version="aes128gcm")
        return json.loads(plain)


def claims_of(authorization: str) -> tuple[dict[str, Any], str]:
    """What a request to a push service claims (RFC 8292), proven by the public key in it; and that key."""
    scheme, _, parameters = authorization.partition(" ")
    assert scheme == "vapid"
    parts = dict(each.strip().split("=", 1) for each in parameters.split(","))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
    pem = point.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = jwt.decode(parts["t"], ECKey.import_key(pem), algorithms=["ES256"])
    return token.claims, parts["k"]
