"""How much of the process fetches of one kind may take: places, and threads that look up names."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import anyio

from app.ops.addresses import IPAddress, Resolve


class FetchPlaces:
    """At most `at_once` fetches, of which `of_host` go to one host, and `look_ups` names being looked up.

    A look-up can take half a minute when a name server is silent, and can't be ended. So each keeps its thread until
    it ends by itself, also when nobody waits for it any more, and no other work shares these threads.
    """

    def __init__(self, resolve: Resolve, *, at_once: int, of_host: int, look_ups: int) -> None:
        self._resolve = resolve
        self._of_host = of_host
        self._places = anyio.CapacityLimiter(at_once)
        self._hosts: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._threads = ThreadPoolExecutor(look_ups, thread_name_prefix="look-up")

    @asynccontextmanager
    async def place(self, host: str) -> AsyncGenerator[None]:
        """A place for a fetch from `host`, waited for. Who waits for others of a host keeps no place from the rest."""
        of_host = self._hosts.setdefault(host.rstrip("."), anyio.CapacityLimiter(self._of_host))
        async with of_host, self._places:
            yield

    async def addresses_of(self, host: str, port: int) -> Sequence[IPAddress]:
        """The addresses of a host, by one look-up. Raises OSError or UnicodeError when there are none."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, host, port)
