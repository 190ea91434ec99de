"""The two ends of the chain, and its key.

The key is random and made once; SECRET_KEY only seals it. So every seal stays good however often SECRET_KEY changes.
"""

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from app.audit.models import FIELDS, AuditEntry
from app.crypto import encryption

DIGEST: Final = "sha256"
SEAL_BYTES: Final = 32
NUMBER_BYTES: Final = 8

# What each kind of HMAC begins with, so that none is ever good as one of the other kind.
_ROW: Final = b"row\0"
_CHAIN: Final = b"chain\0"

_IN_ORDER: Final = sorted(FIELDS)
_JSON: Final = json.JSONEncoder(separators=(",", ":"))


def seal_of(key: bytes, previous: bytes, no: int, entry: AuditEntry) -> bytes:
    """The seal (32 bytes) of the entry that is number `no` and comes after the one with the seal `previous`."""
    return hmac.digest(key, _ROW + previous + no.to_bytes(NUMBER_BYTES, "big") + canonical(entry), DIGEST)


def mac_of(key: bytes, *parts: int | bytes) -> bytes:
    """What proves the ends of the chain: numbers of 8 bytes and seals of 32, in a fixed order."""
    encoded = (part.to_bytes(NUMBER_BYTES, "big", signed=True) if isinstance(part, int) else part for part in parts)
    return hmac.digest(key, _CHAIN + b"".join(encoded), DIGEST)


def canonical(entry: AuditEntry) -> bytes:
    """The one spelling of an entry: JSON with sorted names, absent fields left out, times in UTC with microseconds.

    A column that is added later is absent in earlier entries, so their seals stay good.
    """
    values = {name: _plain(value) for name in _IN_ORDER if (value := getattr(entry, name)) is not None}
    return _JSON.encode(values).encode("ascii")


def _plain(value: object) -> str | int:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str | int):
        return value
    raise TypeError(f"an entry holds a {type(value).__name__}")


KEY_BYTES: Final = 32
PURPOSE: Final = "audit-chain"
LABEL: Final = "key"

NO_CHAIN: Final = "The row of the chain is missing."
CANT_OPEN: Final = "SECRET_KEY does not open the key of the chain, or the sealed key was changed."
ENDS_CHANGED: Final = "The row of the chain was changed: its ends are not the ones that were stored."


class BrokenChain(Exception):
    """Nothing can be sealed or deleted: the chain is not as this service left it. The argument says how."""


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A place in the chain: the number of an entry and its seal."""

    no: int
    seal: bytes

    def __str__(self) -> str:
        return f"{self.no}:{self.seal.hex()}"


START: Final = ChainLink(0, bytes(SEAL_BYTES))
"""Before the first entry."""


@dataclass(frozen=True, slots=True)
class StoredChain:
    """The row of the chain as it is in the database, believed by nobody yet."""

    sealed_key: bytes
    anchor: ChainLink
    head: ChainLink
    mac: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """A proven chain: from after `anchor` to `head`. `is_sealed_anew` when its key was sealed by an earlier SECRET_KEY
    until now, so that the row is to be stored again."""

    key: bytes = field(repr=False)
    sealed_key: bytes
    anchor: ChainLink
    head: ChainLink
    is_sealed_anew: bool = False

    def stored(self) -> StoredChain:
        """The row to store."""
        return StoredChain(self.sealed_key, self.anchor, self.head, _mac(self.key, self.anchor, self.head))

    def moved(self, *, anchor: ChainLink | None = None, head: ChainLink | None = None) -> "Chain":
        """The same chain with another end."""
        return replace(self, anchor=anchor or self.anchor, head=head or self.head)


def new_chain(secret_key: SecretStr) -> Chain:
    """A chain without entries and with a key of its own."""
    key = secrets.token_bytes(KEY_BYTES)
    return Chain(key, encryption.seal(key, PURPOSE, LABEL, secret_key), START, START)


def open_chain(stored: StoredChain, secret_keys: Sequence[SecretStr]) -> Chain:
    """The chain behind a row. Raises `BrokenChain` when its key can't be opened, or its ends were changed."""
    opened = encryption.unseal(stored.sealed_key, PURPOSE, LABEL, secret_keys)
    if opened is None:
        raise BrokenChain(CANT_OPEN)
    key, secret_key = opened
    if not hmac.compare_digest(_mac(key, stored.anchor, stored.head), stored.mac):
        raise BrokenChain(ENDS_CHANGED)
    if secret_key is secret_keys[0]:
        return Chain(key, stored.sealed_key, stored.anchor, stored.head)
    sealed_anew = encryption.seal(key, PURPOSE, LABEL, secret_keys[0])
    return Chain(key, sealed_anew, stored.anchor, stored.head, is_sealed_anew=True)


def _mac(key: bytes, anchor: ChainLink, head: ChainLink) -> bytes:
    return mac_of(key, anchor.no, anchor.seal, head.no, head.seal)
