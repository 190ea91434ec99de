"""Counting in this process, for what happens too often to ask anybody else."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from limits.storage import Storage

MOST_KEYS: Final = 10_000


class FixedWindow(Storage):
    """Counts by key, each in a window of time that begins with its first event: a storage for `limits`.

    The library's own memory starts a thread when it counts, which costs more than many a call here. This one has no
    thread: at most MOST_KEYS are remembered, and those whose window began first go first.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counted)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing can go wrong here."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` events, in a window of `expiry` seconds if none is open; how many there are in it now."""
        now = self._clock()
        ends_at, count = self._counted.get(key, (now, 0))
        if ends_at <= now:
            self._counted.pop(key, None)
            ends_at, count = now + expiry, 0
        self._counted[key] = (ends_at, count + amount)
        if len(self._counted) > MOST_KEYS:
            self._counted.popitem(last=False)
        return count + amount

    def get(self, key: str) -> int:
        """How many events there are in the open window."""
        ends_at, count = self._counted.get(key, (0.0, 0))
        return count if ends_at > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch."""
        ends_at, _ = self._counted.get(key, (self._clock(), 0))
        return ends_at

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int:
        """Forget everything; how many keys that were."""
        forgotten = len(self._counted)
        self._counted.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._counted.pop(key, None)
