"""Concurrency limits: how many at once of each key."""

import asyncio
from collections.abc import Hashable
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


class Taken:
    """Slots that were taken. They are free again at the end of a `with` block, or when it is closed."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: list[asyncio.Semaphore] = []

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, slot: asyncio.Semaphore) -> None:
        """Note that a slot was taken as well."""
        self._slots.append(slot)

    def close(self) -> None:
        """Free the slots."""
        while self._slots:
            self._slots.pop().release()


async def take(*slots: asyncio.Semaphore, seconds: float | None) -> Taken:
    """Take a slot of each, one after the other; they are free again when what is returned is closed.

    Raises `TimeoutError` after `seconds` of waiting, with nothing taken.
    """
    taken = Taken()
    end = None
    try:
        for each in slots:
            if not each.locked():
                await each.acquire()  # there is one, so this does not wait and needs no timer
            elif seconds == 0:
                raise TimeoutError
            else:
                if end is None and seconds is not None:
                    end = asyncio.get_running_loop().time() + seconds
                async with asyncio.timeout_at(end):
                    await each.acquire()
            taken.add(each)
    except BaseException:
        taken.close()
        raise
    return taken
