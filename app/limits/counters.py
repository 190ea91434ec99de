"""Where rate limits count: in the memory of this process, or in a Redis that all processes share."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import anyio
import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter as SharedWindows
from limits.errors import ConfigurationError, StorageError
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from app.errors import StartupError
from app.limits.memory import FixedWindowMemory, MovingWindowMemory

MEMORY: Final = "memory://"
SHARED_SECONDS: Final = 0.5
"""How long a request waits for Redis."""

AWAY_SECONDS: Final = 5
"""How long Redis is not asked again after it failed to answer."""

_NOT_INSTALLED: Final = "RATE_LIMIT_STORAGE_URL: needs the Python package redis, which is not installed"
_Found = TypeVar("_Found")
_log: Final = structlog.stdlib.get_logger("app.limits")


class MemoryCounters:
    """Counts events in this process and never waits.

    Each limit (the namespace of its item) has a bounded memory of its own, so keys that an attacker makes up for one
    limit push out nothing that another has counted.
    """

    def __init__(self, new_windows: Callable[[], RateLimiter]) -> None:
        self._new_windows = new_windows
        self._windows: dict[str, RateLimiter] = {}

    def hit(self, item: RateLimitItem, key: str, times: int = 1) -> bool:
        """Count events of `key`. Returns False when there is no room for them."""
        # Not through `_windows_of`: this is on the path of every call.
        windows = self._windows.get(item.namespace) or self._windows_of(item)
        # The library counts a refused group too, which would use up what is left for single events.
        if times > 1 and not windows.test(item, key, cost=times):
            return False
        return windows.hit(item, key, cost=times)

    def has_room(self, item: RateLimitItem, key: str) -> bool:
        """Return whether one more event of `key` would be counted."""
        return self._windows_of(item).test(item, key)

    def resets_at(self, item: RateLimitItem, key: str) -> float:
        """Return when the window of `key` resets, in seconds since the epoch."""
        return self._windows_of(item).get_window_stats(item, key).reset_time

    def _windows_of(self, item: RateLimitItem) -> RateLimiter:
        windows = self._windows.get(item.namespace)
        if windows is None:
            windows = self._windows[item.namespace] = self._new_windows()
        return windows


def local_counters(clock: Callable[[], float] = time.time) -> MemoryCounters:
    """Return counters in windows that begin with their first event: a few microseconds an event."""
    return MemoryCounters(lambda: FixedWindowRateLimiter(FixedWindowMemory(clock)))


class SharedCounters:
    """Counts events in moving windows, in Redis or in memory.

    While Redis does not answer, which is logged, this process counts in its own memory.
    """

    def __init__(self, url: str = MEMORY, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is `memory://` or names a Redis: `redis://:password@host:6379/0`.

        Raises `StartupError` when the package for it is missing.
        """
        self._clock = clock
        self._redis = None if url == MEMORY else _redis_storage(url)
        self._shared = None if self._redis is None else SharedWindows(self._redis)
        self._memory = MemoryCounters(lambda: MovingWindowRateLimiter(MovingWindowMemory()))
        self._away_until = -1.0

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await cast("Any", self._redis.bridge).get_connection().aclose()

    async def hit(self, item: RateLimitItem, key: str, times: int = 1) -> bool:
        """Count events of `key`. Returns False when there is no room for them."""
        return await self._ask(
            lambda shared: shared.hit(item, key, cost=times), lambda: self._memory.hit(item, key, times)
        )

    async def has_room(self, item: RateLimitItem, key: str) -> bool:
        """Return whether one more event of `key` would be counted."""
        return await self._ask(lambda shared: shared.test(item, key), lambda: self._memory.has_room(item, key))

    async def resets_at(self, item: RateLimitItem, key: str) -> float:
        """Return when there is room for one more event of `key`, in seconds since the epoch."""

        async def ask(shared: SharedWindows) -> float:
            return (await shared.get_window_stats(item, key)).reset_time

        return await self._ask(ask, lambda: self._memory.resets_at(item, key))

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
