"""The keys that sign access tokens: ES256, their private keys encrypted in the database."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import anyio
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pydantic import SecretStr

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.crypto.encryption import decrypt, encrypt
from app.db import Connection, Engine, transaction
from app.errors import StartupError, Unavailable
from app.oauth.signing import repository as store
from app.oauth.signing.repository import StoredKey
from app.oauth.tokens.policy import LONGEST_ACCESS_TOKEN
from app.runtime.clock import Clock, system_clock

ALGORITHM: Final = "ES256"
PURPOSE: Final = "signing-keys"
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # RFC 9068 section 2.1

# A retired key stays published while a token that it signed can be valid, and an hour more.
PUBLISHED_AFTER_RETIREMENT: Final = LONGEST_ACCESS_TOKEN + timedelta(hours=1)
# A new key is published an hour before its first use, so every process knows it long before it matters.
REREAD_AFTER: Final = timedelta(minutes=5)
SHORTEST_REFETCH: Final = timedelta(seconds=30)
RETRY_SECONDS: Final = 30

_CANT_DECRYPT: Final = (
    "SECRET_KEY: does not decrypt the signing keys in the database; "
    "put the old one back, or give it as SECRET_KEY_PREVIOUS"
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that may sign from `active_from` on."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey
    active_from: datetime


class KeyRing:
    """The service's signing keys, cached.

    Call `load` once at start, and `refresh` before `sign`, outside of any transaction.
    """

    def __init__(self, engine: Engine, secret_keys: Sequence[SecretStr], *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._secret_keys = secret_keys
        self.secret_key: Final = self._secret_keys[0]
        self._clock = clock
        self._reading = anyio.Lock()
        self._read_at: datetime | None = None
        self._signing: list[SigningKey] = []
        self._public: dict[str, Mapping[str, Any]] = {}
        self._verifying: dict[str, jwt.PyJWK] = {}

    async def load(self) -> None:
        """Read the keys, create the very first one, and encrypt again what an earlier SECRET_KEY encrypted.

        Raises `StartupError` when a key in use can't be decrypted: new keys in its place would disconnect everyone.
        """
        now = self._clock()
        async with transaction(self._engine) as connection:
            stored = await store.find_keys(connection, now - PUBLISHED_AFTER_RETIREMENT)
            if not any(key.retired_at is None for key in stored):
                generation = max((key.generation for key in stored), default=0) + 1
                created = create_key(generation, self.secret_key, now)
                await store.insert_key(connection, created, now)
                stored = await store.find_keys(connection, now - PUBLISHED_AFTER_RETIREMENT)
                if any(key.kid == created.kid for key in stored):
                    await record(connection, AuditEntry(action=Action.KEY_MADE, at=now, detail=created.kid))
            self._adopt(stored, now, strict=True)
            await self._reencrypt(connection, [key for key in stored if key.may_sign(now)])

    async def refresh(self) -> None:
        """Read the keys again when the cached ones are older than five minutes."""
        if self._read_at is None or self._clock() - self._read_at >= REREAD_AFTER:
            await self._reread(REREAD_AFTER)

    async def verification_key(self, kid: str, algorithm: str = ALGORITHM) -> jwt.PyJWK | None:
        """Return the public key with that id; None when there is none, as for every algorithm but ES256.

        For an unknown id the keys are read again, though not more often than every 30 seconds.
        """
        if algorithm != ALGORITHM:
            return None
        if kid not in self._verifying:
            await self._reread(SHORTEST_REFETCH)
        return self._verifying.get(kid)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return an access token (RFC 9068) signed with the newest active key.

        Raises `Unavailable` while there is no key that this process can decrypt.
        """
        if not self._signing:
            raise Unavailable("Tokens can't be signed right now. Try again shortly.", retry_after=RETRY_SECONDS)
        now = self._clock()
        # None is active when this clock is behind that of the process that created the first key: the oldest will do.
        key = next((key for key in self._signing if key.active_from <= now), self._signing[-1])
        return jwt.encode(
            dict(claims), key.private_key, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": key.kid}
        )

    def public_keys(self) -> dict[str, Any]:
        """Return the JWK Set (RFC 7517 section 5) of every key that is active, upcoming or recently retired."""
        return {"keys": [dict(jwk) for jwk in self._public.values()]}

    async def _reread(self, when_older_than: timedelta) -> None:
        async with self._reading:
            now = self._clock()
            if self._read_at is not None and now - self._read_at < when_older_than:
                return  # another request has just done it
            async with transaction(self._engine) as connection:
                stored = await store.find_keys(connection, now - PUBLISHED_AFTER_RETIREMENT)
            self._adopt(stored, now)

    def _adopt(self, stored: Sequence[StoredKey], now: datetime, *, strict: bool = False) -> None:
        decrypted = {key.kid: key for key in self._signing}
        signing: list[SigningKey] = []
        for key in stored:
            if not key.may_sign(now):
                continue
            if key.kid in decrypted:
                signing.append(decrypted[key.kid])
            elif (found := decrypt(key.sealed_private_key, PURPOSE, key.kid, self._secret_keys)) is not None:
                signing.append(SigningKey(key.kid, _load_private(found[0]), key.active_from))
            elif strict:
                raise StartupError(_CANT_DECRYPT)
            # Otherwise a newer process created it under a SECRET_KEY that this one was not started with: it can
            # verify; signing goes on with the keys at hand.
        self._signing = signing
        self._public = {key.kid: key.public_jwk for key in stored}
        self._verifying = {key.kid: jwt.PyJWK.from_dict(dict(key.public_jwk), ALGORITHM) for key in stored}
        self._read_at = now

    async def _reencrypt(self, connection: Connection, stored: Sequence[StoredKey]) -> None:
        for key in stored:
            decrypted = decrypt(key.sealed_private_key, PURPOSE, key.kid, self._secret_keys)
            if decrypted is not None and decrypted[1] is not self.secret_key:
                await store.replace_private_key(
                    connection, key.kid, encrypt(decrypted[0], PURPOSE, key.kid, self.secret_key)
                )


def create_key(generation: int, secret_key: SecretStr, active_from: datetime) -> StoredKey:
    """Return a new key, its private key encrypted."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    kid = secrets.token_urlsafe(12)
    public_jwk = ECAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
    plain = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return StoredKey(
        kid=kid,
        generation=generation,
        public_jwk={**public_jwk, "kid": kid, "use": "sig", "alg": ALGORITHM},
        sealed_private_key=encrypt(plain, PURPOSE, kid, secret_key),
        active_from=active_from,
        retired_at=None,
    )


def _load_private(encoded: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(encoded, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StartupError("SECRET_KEY: what it decrypts is not a signing key; restore the database from a backup")
    return key
