"""Ids made by the service: UUID version 7 (RFC 9562 section 5.7)."""

import os
import time
from typing import Final
from uuid import UUID

_LATEST: Final = 2**48 - 1
_62_BITS: Final = 2**62 - 1


def new_id() -> UUID:
    """A fresh id: 48 bits of Unix milliseconds, then 74 random bits, so that ids sort by age."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10)) >> 6  # 74 bits
    value = milliseconds << 80 | 0x7 << 76 | (noise >> 62) << 64 | 0b10 << 62 | noise & _62_BITS
    return UUID(int=value)


def lowest_id(at: float) -> UUID:
    """No id that is made at that Unix time, in seconds, or later is below this."""
    return UUID(int=min(max(int(at * 1000), 0), _LATEST) << 80)
