"""Where rate limits count: in the memory of this process, or in a Redis that every process shares."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import anyio
import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter as SharedWindows
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import StartupError

MEMORY: Final = "memory://"
SHARED_SECONDS: Final = 0.5
"""How long a request waits for the shared storage."""

AWAY_SECONDS: Final = 5
"""How long a storage that did not answer is left alone."""

MOST_KEYS: Final = 20_000
"""In memory. It never forgets a key that it has counted, so with more than that it starts anew."""

_NOT_INSTALLED: Final = "RATE_LIMIT_STORAGE_URL: needs the Python package redis, which is not installed"
_Found = TypeVar("_Found")
_log: Final = structlog.stdlib.get_logger("app.limits")


class Counters:
    """Counts events in moving windows of time.

    While the shared storage does not answer, which is logged, this process counts in its own memory.
    """

    def __init__(self, url: str = MEMORY, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is `memory://`, or names a Redis: `redis://:password@host:6379/0`.

        Raises `StartupError` when the package for it is missing.
        """
        self._clock = clock
        self._redis = None if url == MEMORY else _redis_storage(url)
        self._shared = None if self._redis is None else SharedWindows(self._redis)
        self._away_until = -1.0
        self._start_anew()

    async def close(self) -> None:
        """Give up the connections to the shared storage."""
        if self._redis is not None:
            await cast("Any", self._redis.bridge).get_connection().aclose()

    async def hit(self, item: RateLimitItem, key: str) -> bool:
        """Count one event of `key`; False when there is no room for it."""
        if len(self._storage.events) > MOST_KEYS:
            self._start_anew()
        windows = self._windows
        return await self._ask(lambda shared: shared.hit(item, key), lambda: windows.hit(item, key))

    async def has_room(self, item: RateLimitItem, key: str) -> bool:
        """Whether one more event of `key` would be counted."""
        windows = self._windows
        return await self._ask(lambda shared: shared.test(item, key), lambda: windows.test(item, key))

    async def room_at(self, item: RateLimitItem, key: str) -> float:
        """When there is room for one more event of `key`, in seconds since the epoch."""
        windows = self._windows
        found = await self._ask(
            lambda shared: shared.get_window_stats(item, key), lambda: windows.get_window_stats(item, key)
        )
        return found.reset_time

    def _start_anew(self) -> None:
        self._storage = MemoryStorage()
        self._windows = MovingWindowRateLimiter(self._storage)

    async def _ask(
        self, ask_shared: Callable[[SharedWindows], Awaitable[_Found]], ask_memory: Callable[[], _Found]
    ) -> _Found:
        if self._shared is None or self._clock() < self._away_until:
            return ask_memory()
        try:
            with anyio.fail_after(SHARED_SECONDS):
                return await ask_shared(self._shared)
        except (StorageError, TimeoutError):
            self._away_until = self._clock() + AWAY_SECONDS
            _log.warning("rate limits count in this process alone: RATE_LIMIT_STORAGE_URL does not answer")
            return ask_memory()


def _redis_storage(url: str) -> RedisStorage:
    try:
        return RedisStorage(url, wrap_exceptions=True, implementation="redispy", key_prefix="shopping-list-limits")
    except ConfigurationError:
        raise StartupError(_NOT_INSTALLED) from None
