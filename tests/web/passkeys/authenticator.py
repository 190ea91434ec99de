"""A device with passkeys, as software: it does what WebAuthn's section 6 says, unless a test has it do otherwise."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from tests.oauth.browser import PASSWORD, Browser, Page

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def to_text(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """The way back."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A device with one passkey, at most. What it says of itself can be changed: where it is, whether it checked its
    person, how often it was used, and whose key it has."""

    origin: str
    rp_id: str = ""
    flags: int = PRESENT | VERIFIED
    count: int = 0
    counts: bool = True
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None

    def make(self, options: dict[str, Any]) -> str:
        """Answer the options of `navigator.credentials.create()`."""
        self.user_handle = to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(options["rp"]["id"], self.flags | WITH_KEY) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": to_text(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": to_text(attestation),
            "transports": ["internal"],
        }
        return self._credential(response)

    def sign(self, options: dict[str, Any]) -> str:
        """Answer the options of `navigator.credentials.get()`."""
        if self.counts:
            self.count += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"], self.flags)
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": to_text(client_data),
            "authenticatorData": to_text(data),
            "signature": to_text(signature),
            "userHandle": None if self.user_handle is None else to_text(self.user_handle),
        }
        return self._credential(response)

    def _data(self, rp_id: str, flags: int) -> bytes:
        return sha256((self.rp_id or rp_id).encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(data).encode()

    def _credential(self, response: dict[str, Any]) -> str:
        name = to_text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def is_of(self, person_id: UUID) -> bool:
        """Whether the service told it that its key is this person's."""
        return self.user_handle == person_id.bytes


async def question(http: httpx.AsyncClient, page: Page, path: str) -> dict[str, Any]:
    """Do what the page's script does first: ask what to sign for the form that goes to `path`."""
    form = page.form(path)
    data = {"form_token": str(form["data-token"]), "purpose": str(form["data-passkey"])}
    response = await http.post(str(form["data-question"]), data=data)
    assert response.status_code == 200, response.text
    return response.json()


async def sign_for(http: httpx.AsyncClient, page: Page, path: str, device: Authenticator) -> Page:
    """Send the form that goes to `path` with a passkey."""
    answer = device.sign(await question(http, page, path))
    return await Browser(http).submit(page, path, credential=answer)


async def add_passkey(http: httpx.AsyncClient, device: Authenticator, name: str = "") -> Page:
    """Add a passkey to the account that is signed in, whose sign-in was just now; the page that follows."""
    page = await Browser(http).open("/account/passkeys")
    answer = device.make(await question(http, page, "/account/passkeys/add"))
    return await Browser(http).submit(page, "/account/passkeys/add", credential=answer, name=name)


async def sign_up(http: httpx.AsyncClient, email: str) -> Page:
    """Make an account; the account page."""
    page = await Browser(http).open("/account/sign-up")
    return await Browser(http).submit(page, "/account/sign-up", email=email, password=PASSWORD, name="Ada")


async def sign_in(http: httpx.AsyncClient, device: Authenticator) -> Page:
    """Sign in with a passkey; the page that follows."""
    page = await Browser(http).open("/account/sign-in")
    return await sign_for(http, page, "/account/passkey", device)
