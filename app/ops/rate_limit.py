"""How often somebody may do something that costs us work or helps someone guess."""

import json
import math
import time
from hashlib import sha256

from limits import RateLimitItemPerMinute

from app.errors import LimitReached
from app.ops.addresses import network_of
from app.ops.counters import Counters


class RateLimit:
    """At most `per_minute` events in any 60 seconds from one address, or from one address for one thing (`about`).

    `hit` counts an event, `wait` only looks; both answer the seconds to wait, or None when there is room. `require`
    counts, and raises.
    `name` keeps apart what several limits count in the same `counters`.
    """

    def __init__(
        self, per_minute: int, *, enabled: bool = True, name: str = "", counters: Counters | None = None
    ) -> None:
        self._item = RateLimitItemPerMinute(per_minute, namespace=name)
        self._counters = counters or Counters()
        self._enabled = enabled

    async def hit(self, address: str, about: str = "") -> int | None:
        """Count one event. Answers the seconds to wait when there was no room for it."""
        key = _key(address, about)
        if not self._enabled or await self._counters.hit(self._item, key):
            return None
        return await self._seconds_left(key)

    async def wait(self, address: str, about: str = "") -> int | None:
        """The seconds to wait before the next event would be accepted; counts nothing."""
        key = _key(address, about)
        if not self._enabled or await self._counters.has_room(self._item, key):
            return None
        return await self._seconds_left(key)

    async def require(self, address: str, message: str, about: str = "") -> None:
        """Count one event. Raises `LimitReached` with that message, in which `{seconds}` may stand, without room."""
        seconds = await self.hit(address, about)
        if seconds is not None:
            raise LimitReached(message.format(seconds=seconds), retry_after=seconds)

    async def _seconds_left(self, key: str) -> int:
        return max(1, math.ceil(await self._counters.room_at(self._item, key) - time.time()))


def _key(address: str, about: str) -> str:
    """Of one length, whatever was sent; and nobody's address in the clear."""
    return sha256(json.dumps([network_of(address), about]).encode()).hexdigest()
