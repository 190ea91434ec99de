"""The two ends of the chain, and its key.

The key is random and made once; SECRET_KEY only seals it. So every seal stays good however often SECRET_KEY changes.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import SecretStr

from app.audit.seals import SEAL_BYTES, mac_of
from app.ops import sealing

KEY_BYTES: Final = 32
PURPOSE: Final = "audit-chain"
LABEL: Final = "key"

NO_CHAIN: Final = "The row of the chain is missing."
CANT_OPEN: Final = "SECRET_KEY does not open the key of the chain, or the sealed key was changed."
ENDS_CHANGED: Final = "The row of the chain was changed: its ends are not the ones that were stored."


class BrokenChain(Exception):
    """Nothing can be sealed or deleted: the chain is not as this service left it. The argument says how."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: the number of an entry and its seal."""

    no: int
    seal: bytes

    def __str__(self) -> str:
        return f"{self.no}:{self.seal.hex()}"


START: Final = Link(0, bytes(SEAL_BYTES))
"""Before the first entry."""


@dataclass(frozen=True, slots=True)
class StoredChain:
    """The row of the chain as it is in the database, believed by nobody yet."""

    sealed_key: bytes
    anchor: Link
    head: Link
    mac: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """A proven chain: from after `anchor` to `head`. `is_sealed_anew` when its key was sealed by an earlier SECRET_KEY
    until now, so that the row is to be stored again."""

    key: bytes = field(repr=False)
    sealed_key: bytes
    anchor: Link
    head: Link
    is_sealed_anew: bool = False

    def stored(self) -> StoredChain:
        """The row to store."""
        return StoredChain(self.sealed_key, self.anchor, self.head, _mac(self.key, self.anchor, self.head))

    def moved(self, *, anchor: Link | None = None, head: Link | None = None) -> "Chain":
        """The same chain with another end."""
        return replace(self, anchor=anchor or self.anchor, head=head or self.head)


def new_chain(secret_key: SecretStr) -> Chain:
    """A chain without entries and with a key of its own."""
    key = secrets.token_bytes(KEY_BYTES)
    return Chain(key, sealing.seal(key, PURPOSE, LABEL, secret_key), START, START)


def open_chain(stored: StoredChain, secret_keys: Sequence[SecretStr]) -> Chain:
    """The chain behind a row. Raises `BrokenChain` when its key can't be opened, or its ends were changed."""
    opened = sealing.unseal(stored.sealed_key, PURPOSE, LABEL, secret_keys)
    if opened is None:
        raise BrokenChain(CANT_OPEN)
    key, secret_key = opened
    if not hmac.compare_digest(_mac(key, stored.anchor, stored.head), stored.mac):
        raise BrokenChain(ENDS_CHANGED)
    if secret_key is secret_keys[0]:
        return Chain(key, stored.sealed_key, stored.anchor, stored.head)
    sealed_anew = sealing.seal(key, PURPOSE, LABEL, secret_keys[0])
    return Chain(key, sealed_anew, stored.anchor, stored.head, is_sealed_anew=True)


def _mac(key: bytes, anchor: Link, head: Link) -> bytes:
    return mac_of(key, anchor.no, anchor.seal, head.no, head.seal)
