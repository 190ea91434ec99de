"""How often somebody may do something that costs us work or helps someone guess."""

import json
import math
import time
from collections.abc import Callable
from hashlib import sha256

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from app.errors import LimitReached
from app.limits.counters import Counters
from app.limits.windows import FixedWindow
from app.runtime.addresses import networks_of


class RateLimit:
    """At most `per_minute` events in any 60 seconds from one address, or from one address for one thing (`about`);
    and in proportion from the wider networks that it counts with.

    `hit` counts an event, `wait` only looks; both answer the seconds to wait, or None when there is room. `require`
    counts, and raises.
    `name` keeps apart what several limits count in the same `counters`.
    """

    def __init__(
        self, per_minute: int, *, enabled: bool = True, name: str = "", counters: Counters | None = None
    ) -> None:
        self._per_minute = per_minute
        self._name = name
        self._counters = counters or Counters()
        self._enabled = enabled

    async def hit(self, address: str, about: str = "") -> int | None:
        """Count one event. Answers the seconds to wait when there was no room for it."""
        for item, key in self._counted(address, about):
            if not await self._counters.hit(item, key):
                return await self._seconds_left(item, key)
        return None

    async def wait(self, address: str, about: str = "") -> int | None:
        """The seconds to wait before the next event would be accepted; counts nothing."""
        for item, key in self._counted(address, about):
            if not await self._counters.has_room(item, key):
                return await self._seconds_left(item, key)
        return None

    async def require(self, address: str, words: str, about: str = "") -> None:
        """Count one event. Raises `LimitReached` with `words`, in which `{wait}` may stand ("in a minute"), without
        room for it."""
        _refuse(await self.hit(address, about), words)

    async def require_room(self, address: str, words: str, about: str = "") -> None:
        """The same without counting."""
        _refuse(await self.wait(address, about), words)

    def _counted(self, address: str, about: str) -> list[tuple[RateLimitItem, str]]:
        """What counts an event, the narrowest first: who is refused there uses up nothing of what others share."""
        if not self._enabled:
            return []
        return [
            (RateLimitItemPerMinute(self._per_minute * each.share, namespace=self._name), _key(each.name, about))
            for each in networks_of(address)
        ]

    async def _seconds_left(self, item: RateLimitItem, key: str) -> int:
        return max(1, math.ceil(await self._counters.room_at(item, key) - time.time()))


class LocalLimit:
    """At most `per_minute` events of one thing in a minute that begins with the first of them, in this process.

    For what happens at every call, and where database locks are held: it never waits, and costs a few microseconds.
    """

    def __init__(self, per_minute: int, *, enabled: bool = True, clock: Callable[[], float] = time.time) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._windows = FixedWindowRateLimiter(FixedWindow(clock))
        self._clock = clock
        self._enabled = enabled

    def require(self, about: str, words: str, *, times: int = 1) -> None:
        """Count `times` events of `about`. Raises `LimitReached` as `RateLimit.require` does."""
        if not self._enabled or self._windows.hit(self._item, about, cost=times):
            return
        ends_at = self._windows.get_window_stats(self._item, about).reset_time
        _refuse(max(1, math.ceil(ends_at - self._clock())), words)


def _refuse(seconds: int | None, words: str) -> None:
    if seconds is not None:
        raise LimitReached(words.format(wait=wait_in_words(seconds)), retry_after=seconds)


def _key(network: str, about: str) -> str:
    """Of one length, whatever was sent; and nobody's address in the clear."""
    return sha256(json.dumps([network, about]).encode()).hexdigest()


def wait_in_words(seconds: int) -> str:
    """When to come again, to stand behind "Try again": in a few seconds, in a minute, in 15 minutes, in an hour."""
    minutes = math.ceil(seconds / 60)
    if seconds <= 10:
        return "in a few seconds"
    if minutes == 1:
        return "in a minute"
    return f"in {minutes} minutes" if minutes < 60 else "in an hour"
