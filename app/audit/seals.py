"""Seals: an HMAC over an entry, its number and the seal before it, so that none of them changes alone."""

import hmac
import json
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.audit.entry import FIELDS, Entry

DIGEST: Final = "sha256"
SEAL_BYTES: Final = 32
NUMBER_BYTES: Final = 8

# What each kind of HMAC begins with, so that none is ever good as one of the other kind.
_ROW: Final = b"row\0"
_CHAIN: Final = b"chain\0"

_IN_ORDER: Final = sorted(FIELDS)
_JSON: Final = json.JSONEncoder(separators=(",", ":"))


def seal_of(key: bytes, previous: bytes, no: int, entry: Entry) -> bytes:
    """The seal (32 bytes) of the entry that is number `no` and comes after the one with the seal `previous`."""
    return hmac.digest(key, _ROW + previous + no.to_bytes(NUMBER_BYTES, "big") + canonical(entry), DIGEST)


def mac_of(key: bytes, *parts: int | bytes) -> bytes:
    """What proves the ends of the chain: numbers of 8 bytes and seals of 32, in a fixed order."""
    encoded = (part.to_bytes(NUMBER_BYTES, "big", signed=True) if isinstance(part, int) else part for part in parts)
    return hmac.digest(key, _CHAIN + b"".join(encoded), DIGEST)


def canonical(entry: Entry) -> bytes:
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
