"""Concurrency limits: how many at once of each key."""

import asyncio
from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from weakref import WeakValueDictionary

from app.limits.rate_limit import Key
from app.runtime.addresses import networks_of


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """At most `at_once` of each value of `key`, or altogether where it is None. Others wait
    for so many `seconds`, or as long as it takes where that is None."""

    name: str
    at_once: int
    key: Key | None
    seconds: float | None
    protects: str


class Slots:
    """The slots of a concurrency limit. A key is remembered as long as one of its slots is taken or waited for."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._at_once = limit.at_once
        self._of: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._of)

    def of(self, key: Hashable = None, share: int = 1) -> asyncio.Semaphore:
        """Return the slots of a key, `share` times as many as usual."""
        slots = self._of.get(key)
        if slots is None:
            slots = self._of[key] = asyncio.Semaphore(self._at_once * share)
        return slots

    def of_networks(self, address: str | None) -> list[asyncio.Semaphore]:
        """Return the slots of the networks around an address; none without an address."""
        return [] if address is None else [self.of(each.name, each.share) for each in networks_of(address)]


async def take(*slots: asyncio.Semaphore, seconds: float | None) -> ExitStack:
    """Take a slot of each, one after the other; they are free again when the returned stack is closed.

    Raises `TimeoutError` after `seconds` of waiting, with nothing taken.
    """
    end = None if seconds is None else asyncio.get_running_loop().time() + seconds
    with ExitStack() as taken:
        for each in slots:
            if not each.locked():
                await each.acquire()  # there is one, so this does not wait and needs no timer
            elif seconds == 0:
                raise TimeoutError
            else:
                async with asyncio.timeout_at(end):
                    await each.acquire()
            taken.callback(each.release)
        return taken.pop_all()
