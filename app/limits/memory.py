"""Bounded storages in memory for the `limits` library.

Counters age out: when a memory is full, expired keys are removed first, then the keys that expire soonest.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from limits.storage import MemoryStorage, Storage

MOST_KEYS: Final = 20_000
"""Of one limit."""

SPARED: Final = 0.9
"""The part of MOST_KEYS that may stay when a memory is full. Removing some at a time sorts the keys less often."""


class FixedWindowMemory(Storage):
    """Counts by key, each in a window that begins with its first event.

    The library's own memory starts a thread when it counts, which costs more than many a call here.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._counted: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._counted)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return nothing: memory does not fail."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` events, in a new window of `expiry` seconds if none is open. Returns the window's count."""
        now = self._clock()
        ends_at, count = self._counted.get(key, (now, 0))
        if ends_at <= now:
            if len(self._counted) >= MOST_KEYS:
                for old in _aged_out({each: end for each, (end, _) in self._counted.items()}, now):
                    del self._counted[old]
            ends_at, count = now + expiry, 0
        self._counted[key] = (ends_at, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        """Return the count of the open window."""
        ends_at, count = self._counted.get(key, (0.0, 0))
        return count if ends_at > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since the epoch."""
        ends_at, _ = self._counted.get(key, (self._clock(), 0))
        return ends_at

    def check(self) -> bool:
        """Return True: memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything. Returns how many keys there were."""
        forgotten = len(self._counted)
        self._counted.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._counted.pop(key, None)


class MovingWindowMemory(MemoryStorage):
    """The library's memory for moving windows, which by itself never forgets a key."""

    STORAGE_SCHEME = None  # pyright: ignore[reportAssignmentType]  # it is made here, never by the library's registry

    def __len__(self) -> int:
        return len(self.events)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` events of `key`. Returns False when there is no room for them."""
        if key not in self.events and len(self.events) >= MOST_KEYS:
            newest = {each: events[0].expiry if events else 0.0 for each, events in self.events.items()}
            for old in _aged_out(newest, time.time()):
                with self.locks[old]:  # the library's thread may be looking at it
                    self.clear(old)
        return super().acquire_entry(key, limit, expiry, amount)


def _aged_out(expires_at: Mapping[str, float], now: float) -> Iterator[str]:
    """Yield the keys to remove: all that have expired, or those that expire soonest until SPARED are left."""
    too_many = len(expires_at) - int(MOST_KEYS * SPARED)
    for number, key in enumerate(sorted(expires_at, key=expires_at.__getitem__)):
        if expires_at[key] > now and number >= too_many:
            return
        yield key
