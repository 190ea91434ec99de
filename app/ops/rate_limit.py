"""How often one network address may do something that costs us work or helps someone guess."""

import math
import time
from ipaddress import IPv6Address, IPv6Network, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

IPV6_SUBSCRIBER_PREFIX = 64


class RateLimit:
    """At most `per_minute` events in any 60 seconds from one address, counted in this process.

    `hit` counts an event, `wait` only looks; both answer the seconds to wait, or None when there is room.
    """

    def __init__(self, per_minute: int, *, enabled: bool = True) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._enabled = enabled

    async def hit(self, address: str) -> int | None:
        """Count one event. Answers the seconds to wait when there was no room for it."""
        if not self._enabled or self._windows.hit(self._item, subscriber(address)):
            return None
        return self._seconds_left(address)

    async def wait(self, address: str) -> int | None:
        """The seconds to wait before the next event would be accepted; counts nothing."""
        if not self._enabled or self._windows.test(self._item, subscriber(address)):
            return None
        return self._seconds_left(address)

    def _seconds_left(self, address: str) -> int:
        window = self._windows.get_window_stats(self._item, subscriber(address))
        return max(1, math.ceil(window.reset_time - time.time()))


def subscriber(address: str) -> str:
    """The address, or the /64 around an IPv6 one: whoever has one of its addresses has them all."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, IPV6_SUBSCRIBER_PREFIX), strict=False))
    return str(parsed)
