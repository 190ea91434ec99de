"""How much of the process fetches of one kind may take: places, and threads that look up names."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Thread

import anyio

from app.fetch.answers import FetchFailed, Reason
from app.limits.concurrency import PerKeyLimiter
from app.runtime.addresses import IPAddress, Resolve


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many fetches go on at once, together, with one host and for one requester; and how many look-ups."""

    at_once: int
    of_host: int
    of_requester: int
    look_ups: int
    look_ups_of_requester: int


class FetchPlaces:
    """Places and look-ups within `bounds`, each waited for `patience` seconds.

    A look-up can take half a minute when a name server is silent, and can't be ended. So each counts until it ends by
    itself, also when nobody waits for it any more. Its thread is its own, and a daemon, which no process waits for at
    its exit.

    A requester is a network address on whose behalf something is fetched, and counts with its networks; None has no
    limit. Who waits for others of the same requester or host keeps no place from the rest. Both methods raise
    `FetchFailed` when they have waited long enough.
    """

    def __init__(self, resolve: Resolve, bounds: Bounds, *, patience: float) -> None:
        self._resolve = resolve
        self._patience = patience
        self._places = anyio.CapacityLimiter(bounds.at_once)
        self._hosts = PerKeyLimiter(bounds.of_host)
        self._requesters = PerKeyLimiter(bounds.of_requester)
        self._look_ups = anyio.CapacityLimiter(bounds.look_ups)
        self._look_ups_of_requesters = PerKeyLimiter(bounds.look_ups_of_requester)

    @asynccontextmanager
    async def place(self, host: str, requester: str | None) -> AsyncGenerator[None]:
        """A place for a fetch from `host`."""
        of_requester = self._requesters.for_networks(requester)
        with await self._taken(*of_requester, self._hosts.for_key(host.rstrip(".")), self._places):
            yield

    async def addresses_of(self, host: str, port: int, requester: str | None) -> Sequence[IPAddress]:
        """The addresses of a host, by one look-up. Raises OSError or UnicodeError when there are none."""
        taken = await self._taken(*self._look_ups_of_requesters.for_networks(requester), self._look_ups)
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
            with suppress(RuntimeError):  # the loop is closed: nobody wants to know
                loop.call_soon_threadsafe(ended, found)

        try:
            Thread(target=look_up, name="look-up", daemon=True).start()
        except RuntimeError:  # the system has no thread to give
            taken.close()
            raise FetchFailed(Reason.BUSY) from None
        return await answer

    async def _taken(self, *limiters: anyio.CapacityLimiter) -> ExitStack:
        """A place of each, one after the other, until the answer is closed."""
        holder = object()
        with ExitStack() as taken:
            try:
                with anyio.fail_after(self._patience):
                    for limiter in limiters:
                        await limiter.acquire_on_behalf_of(holder)
                        taken.callback(limiter.release_on_behalf_of, holder)
            except TimeoutError:
                raise FetchFailed(Reason.BUSY) from None
            return taken.pop_all()
