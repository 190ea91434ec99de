"""How much each of many may hold at once."""

from typing import Any
from weakref import WeakValueDictionary

import anyio

from app.runtime.addresses import networks_of


class PerKeyLimiter:
    """A limiter for each name, of `most` places, kept as long as somebody holds it or waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiters: WeakValueDictionary[str, Any] = WeakValueDictionary()

    def for_key(self, name: str, times: int = 1) -> anyio.CapacityLimiter:
        """That of a name, with so many `times` the places."""
        return self._limiters.setdefault(name, anyio.CapacityLimiter(self._most * times))

    def for_networks(self, address: str | None) -> list[anyio.CapacityLimiter]:
        """Those of the networks that an address counts with. None is nobody, and has no limit."""
        return [] if address is None else [self.for_key(each.name, each.share) for each in networks_of(address)]
