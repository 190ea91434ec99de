"""Rate limits: one shape, `RateLimit`, and one way to check it, `RateLimiter`."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from limits import RateLimitItem

from app.errors import LimitReached
from app.limits.counters import MEMORY, SharedCounters, local_counters
from app.runtime.addresses import Network, networks_of


class Key(StrEnum):
    """What a limit counts by."""

    NETWORK = "network"
    """An IPv4 address; the /64 of an IPv6 address, and the /48 around it with a multiple of the rate."""
    HOST = "host"
    URL = "URL"
    CLIENT = "client"
    GRANT = "grant"
    PERSON = "person"
    HOUSEHOLD = "household"
    KIND = "kind"


_WITH_NETWORKS: Final = frozenset({Key.NETWORK, Key.HOST})
"""The host of a URL may be an address too."""

_RECORDED: Final = {Key.CLIENT: "client_id", Key.GRANT: "grant_id", Key.PERSON: "person_id"}


class RateLimited(LimitReached):
    """Too many events in a period; `retry_after` says when there is room again.

    `subject` names whose limit it was in the words of `AuditEntry`, when that is one grant, client or person.
    """

    def __init__(self, message: str, seconds: int, subject: Mapping[str, Any] | None = None) -> None:
        """`{wait}` in the message becomes the time to wait in words."""
        super().__init__(message, values={"wait": wait_in_words(seconds)}, retry_after=seconds)
        self.subject = dict(subject or {})


@dataclass(frozen=True, eq=False, slots=True)
class RateLimit:
    """At most so many events (`per`: a number and a period) of each value of `key`.

    `shared` limits count in RATE_LIMIT_STORAGE_URL. The others count in each process and cost a few microseconds: they
    are for what happens at every call, or while database locks are held.
    """

    name: str
    per: RateLimitItem
    key: tuple[Key, ...]
    protects: str
    message: str = ""
    shared: bool = True

    def __post_init__(self) -> None:
        self.per.namespace = self.name  # the library's word for what keeps the counters of limits apart

    def counters(self, *subject: str | UUID) -> list[tuple[RateLimitItem, str]]:
        """Return what counts an event of `subject` (the values of `key`), the narrowest network first."""
        if not self.shared and self.key[0] not in _WITH_NETWORKS:
            return [(self.per, str(subject[0]) if len(subject) == 1 else "/".join(map(str, subject)))]
        first, *others = map(str, subject)
        networks = networks_of(first) if self.key[0] in _WITH_NETWORKS else (Network(first),)
        return [(self._per_network(each), self._counter_key(each, others)) for each in networks]

    def at_rate(self, amount: int) -> "RateLimit":
        """Return the same limit with another number of events."""
        return replace(self, per=type(self.per)(amount, self.per.multiples))

    def refusal(self, seconds: float, *subject: str | UUID) -> RateLimited:
        """Return the error for a subject that has to wait."""
        recorded = _RECORDED.get(self.key[0]) if len(self.key) == 1 else None
        whose = {} if recorded is None else {recorded: subject[0]}
        return RateLimited(self.message, max(1, math.ceil(seconds)), whose)

    def _per_network(self, network: Network) -> RateLimitItem:
        return type(self.per)(self.per.amount * network.share, self.per.multiples, self.name)

    def _counter_key(self, network: Network, others: list[str]) -> str:
        # Of one length, whatever was sent. Not a secret: who reads the storage can guess addresses.
        return sha256(json.dumps([network.name, *others]).encode()).hexdigest()


class RateLimiter:
    """Checks every rate limit of a process.

    `url` is where shared limits count (see `SharedCounters`). `rates` replaces numbers of the defaults.
    """

    def __init__(
        self,
        url: str = MEMORY,
        *,
        enabled: bool = True,
        rates: Mapping[RateLimit, int] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises `StartupError` when the package for `url` is missing."""
        self._enabled = enabled
        self._replaced = {limit: limit.at_rate(amount) for limit, amount in (rates or {}).items()}
        self._clock = clock
        self._local = local_counters(clock)
        self._shared = SharedCounters(url)

    async def close(self) -> None:
        """Close the connections to the storage."""
        await self._shared.close()

    async def check(self, limit: RateLimit, *subject: str | UUID, times: int = 1) -> None:
        """Count events of `subject`: the values of `limit.key`. Raises `RateLimited` when there is no room for them.

        For a limit that is not shared it does not wait: the caller is not suspended.
        """
        if not self._enabled:
            return
        limit = self._replaced.get(limit, limit) if self._replaced else limit
        counters = limit.counters(*subject)
        if not limit.shared:
            for item, key in counters:
                if not self._local.hit(item, key, times):
                    raise limit.refusal(self._local.resets_at(item, key) - self._clock(), *subject)
            return
        # Who is refused uses up nothing of what a wider network shares. And a wide network that is refused leaves no
        # counter behind for each narrow one in it: there are enough of them to fill the memory.
        await self._look(limit, counters[1:], subject)
        for item, key in counters:
            if not await self._shared.hit(item, key, times):
                raise await self._refusal(limit, item, key, subject)

    async def peek(self, limit: RateLimit, *subject: str | UUID) -> None:
        """Raise `RateLimited` where `check` would now; counts nothing."""
        if self._enabled:
            limit = self._replaced.get(limit, limit)
            await self._look(limit, limit.counters(*subject), subject)

    async def count(self, limit: RateLimit, *subject: str | UUID) -> None:
        """Count an event that has happened already, for those who `peek` before the next one."""
        with suppress(RateLimited):
            await self.check(limit, *subject)

    async def _look(
        self, limit: RateLimit, counters: Sequence[tuple[RateLimitItem, str]], subject: Sequence[str | UUID]
    ) -> None:
        for item, key in counters:
            if not await self._shared.has_room(item, key):
                raise await self._refusal(limit, item, key, subject)

    async def _refusal(
        self, limit: RateLimit, item: RateLimitItem, key: str, subject: Sequence[str | UUID]
    ) -> RateLimited:
        return limit.refusal(await self._shared.resets_at(item, key) - self._clock(), *subject)


def limited_subject(error: LimitReached) -> dict[str, Any]:
    """Return the grant, client or person whose rate limit it was, in the words of `AuditEntry`."""
    return error.subject if isinstance(error, RateLimited) else {}


def wait_in_words(seconds: int) -> str:
    """Return when to try again, to follow "Try again": in a few seconds, in a minute, in 15 minutes, in an hour."""
    minutes = math.ceil(seconds / 60)
    if seconds <= 10:
        return "in a few seconds"
    if minutes == 1:
        return "in a minute"
    return f"in {minutes} minutes" if minutes < 60 else "in an hour"
