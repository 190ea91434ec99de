"""Bulkheads: fetches of one kind can use only their share of connections and of threads that look up names."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Thread

from app.fetch.answers import FetchFailed, Reason
from app.limits.concurrency import ConcurrencyLimit, Slots, Taken, take
from app.runtime.addresses import IPAddress, Resolve


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many fetches and look-ups may run at once: in total, at one host, and for one requester."""

    fetches: ConcurrencyLimit
    of_host: ConcurrencyLimit
    of_requester: ConcurrencyLimit
    look_ups: ConcurrencyLimit
    look_ups_of_requester: ConcurrencyLimit


class FetchPlaces:
    """Hands out fetches and look-ups within `bounds`. Each waits at most `patience` seconds, then `FetchFailed` is
    raised.

    A look-up can take half a minute when a name server is silent, and can't be cancelled. So it counts until it ends,
    even when nothing waits for it. Each has its own daemon thread, so the process can exit meanwhile.

    A requester is the network address on whose behalf something is fetched, and counts with its networks; None has no
    limit. Those that wait for a requester or a host take no slot from the others.
    """

    def __init__(self, resolve: Resolve, bounds: Bounds, *, patience: float) -> None:
        self._resolve = resolve
        self._patience = patience
        self._fetches = Slots(bounds.fetches)
        self._hosts = Slots(bounds.of_host)
        self._requesters = Slots(bounds.of_requester)
        self._look_ups = Slots(bounds.look_ups)
        self._look_ups_of_requesters = Slots(bounds.look_ups_of_requester)

    @asynccontextmanager
    async def place(self, host: str, requester: str | None) -> AsyncGenerator[None]:
        """Hold the slots for a fetch from `host`."""
        of_requester = self._requesters.of_networks(requester)
        with await self._take(*of_requester, self._hosts.of(host.rstrip(".")), self._fetches.of()):
            yield

    async def addresses_of(self, host: str, port: int, requester: str | None) -> Sequence[IPAddress]:
        """Look up the addresses of a host once. Raises OSError or UnicodeError when there are none."""
        taken = await self._take(*self._look_ups_of_requesters.of_networks(requester), self._look_ups.of())
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[IPAddress]] = loop.create_future()

        def ended(found: Sequence[IPAddress] | Exception) -> None:
            taken.close()
            if answer.cancelled():
                return
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def look_up() -> None:
            try:
                found = self._resolve(host, port)
            except Exception as error:
                found = error
            with suppress(RuntimeError):  # the loop is closed: nothing waits for the result
                loop.call_soon_threadsafe(ended, found)

        try:
            Thread(target=look_up, name="look-up", daemon=True).start()
        except RuntimeError:  # the system can't start another thread
            taken.close()
            raise FetchFailed(Reason.BUSY) from None
        return await answer

    async def _take(self, *slots: asyncio.Semaphore) -> Taken:
        try:
            return await take(*slots, seconds=self._patience)
        except TimeoutError:
            raise FetchFailed(Reason.BUSY) from None
