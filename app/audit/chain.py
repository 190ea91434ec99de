"""The chain: each entry's MAC covers the entry, its number and the MAC before it, so a change anywhere shows."""

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr

from app.audit.models import FIELDS, AuditEntry, type_of
from app.crypto import encryption
from app.records import record

DIGEST: Final = "sha256"
MAC_BYTES: Final = 32
NUMBER_BYTES: Final = 8
KEY_BYTES: Final = 32
PURPOSE: Final = "audit-chain"
LABEL: Final = "key"

# The first bytes of each kind of message, so that a MAC of one kind can't pass as one of the other.
_ENTRY: Final = b"row\0"
_ENDS: Final = b"chain\0"

NO_CHAIN: Final = "The row of the chain is missing."
CANT_DECRYPT: Final = "SECRET_KEY does not decrypt the key of the chain, or the encrypted key was changed."
ENDS_CHANGED: Final = "The row of the chain was changed: its ends are not the ones that were stored."


class BrokenChain(Exception):
    """The chain is not as this service left it, so nothing is added or deleted; the message says what is wrong."""


@record()
class ChainLink:
    """A place in the chain: the number of an entry and its MAC (32 bytes)."""

    no: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.no}:{self.mac.hex()}"


START: Final = ChainLink(0, bytes(MAC_BYTES))
"""The place before the first entry."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry with its place in the chain."""

    entry: AuditEntry
    no: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class StoredChain:
    """The row of the chain as the database has it, not yet verified."""

    encrypted_key: bytes
    anchor: ChainLink
    head: ChainLink
    mac: bytes


@dataclass(frozen=True, slots=True)
class AuditChain:
    """A verified chain of the entries after `anchor`, up to `head`.

    `needs_storing` is true when the key was encrypted under an earlier SECRET_KEY and has been encrypted again.
    """

    key: bytes = field(repr=False)
    encrypted_key: bytes
    anchor: ChainLink
    head: ChainLink
    needs_storing: bool = False

    def stored(self) -> StoredChain:
        """Return the row to store."""
        return StoredChain(self.encrypted_key, self.anchor, self.head, ends_mac(self.key, self.anchor, self.head))

    def extend(self, entries: Iterable[Iterable[object]]) -> tuple["AuditChain", list[ChainLink]]:
        """Return the chain with these entries (values in the order of CHAINED_FIELDS) at its end, and their links."""
        head = self.head
        links: list[ChainLink] = []
        for values in entries:
            no = head.no + 1
            head = ChainLink(no, entry_mac(self.key, head.mac, no, values))
            links.append(head)
        return replace(self, head=head), links

    def continues(self, previous: ChainLink, entry: ChainedEntry) -> bool:
        """Whether the MAC of `entry` is the one of this entry right after `previous`."""
        expected = entry_mac(self.key, previous.mac, previous.no + 1, chained_values(entry.entry))
        return hmac.compare_digest(expected, entry.mac)


def new_chain(secret_key: SecretStr) -> AuditChain:
    """Return a chain without entries; its key is random, so its MACs stay valid when SECRET_KEY changes."""
    key = secrets.token_bytes(KEY_BYTES)
    return AuditChain(key, encryption.encrypt(key, PURPOSE, LABEL, secret_key), START, START)


def open_chain(stored: StoredChain, secret_keys: Sequence[SecretStr]) -> AuditChain:
    """Verify the row of the chain. Raises `BrokenChain` when its key can't be decrypted or its ends were changed."""
    decrypted = encryption.decrypt(stored.encrypted_key, PURPOSE, LABEL, secret_keys)
    if decrypted is None:
        raise BrokenChain(CANT_DECRYPT)
    key, secret_key = decrypted
    if not hmac.compare_digest(ends_mac(key, stored.anchor, stored.head), stored.mac):
        raise BrokenChain(ENDS_CHANGED)
    if secret_key is secret_keys[0]:
        return AuditChain(key, stored.encrypted_key, stored.anchor, stored.head)
    encrypted_again = encryption.encrypt(key, PURPOSE, LABEL, secret_keys[0])
    return AuditChain(key, encrypted_again, stored.anchor, stored.head, needs_storing=True)


def ends_mac(key: bytes, anchor: ChainLink, head: ChainLink) -> bytes:
    """Return the MAC of the two ends of the chain."""
    ends = (part for link in (anchor, head) for part in (link.no.to_bytes(NUMBER_BYTES, "big", signed=True), link.mac))
    return hmac.digest(key, _ENDS + b"".join(ends), DIGEST)


def entry_mac(key: bytes, previous: bytes, no: int, values: Iterable[object]) -> bytes:
    """Return the MAC of entry number `no`, with `previous` as the MAC of the entry before it."""
    return hmac.digest(key, _ENTRY + previous + no.to_bytes(NUMBER_BYTES, "big") + canonical(values), DIGEST)


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: json.encoder.encode_basestring_ascii,
    int: str,
    datetime: lambda moment: f'"{moment.astimezone(UTC).isoformat(timespec="microseconds")}"',
    UUID: lambda value: f'"{value}"',
}

CHAINED_FIELDS: Final = tuple(sorted(FIELDS))
"""The fields of an entry in the order in which the MAC covers them."""

_MEMBERS: Final = tuple((f'"{name}":', _WRITERS[type_of(name)]) for name in CHAINED_FIELDS)

chained_values: Final[Callable[[AuditEntry], tuple[object, ...]]] = attrgetter(*CHAINED_FIELDS)
"""The values of an entry in the order of CHAINED_FIELDS."""


def canonical(values: Iterable[object]) -> bytes:
    """Return the one spelling of an entry: JSON with sorted names, without absent fields, times in UTC with
    microseconds.

    A column that is added later is absent in earlier entries, so their MACs stay valid. Written by hand, because this
    is most of what a row costs.
    """
    members = [name + write(value) for (name, write), value in zip(_MEMBERS, values, strict=True) if value is not None]
    return f"{{{','.join(members)}}}".encode("ascii")
