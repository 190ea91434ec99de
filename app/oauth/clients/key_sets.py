"""The keys of clients that authenticate with `private_key_jwt`: registered, or fetched from their `jwks_uri`."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from app.errors import LimitReached, Unavailable
from app.fetch.answers import FetchFailed, Reason
from app.fetch.fetcher import KEYS_BYTES, Fetcher
from app.fetch.freshness import lifetime_of
from app.limits.defaults import KEY_SETS_OF_HOST
from app.limits.rate_limit import RateLimited
from app.oauth.clients.fetch_limits import BUSY_SECONDS, FetchLimits
from app.oauth.clients.ids import host_of
from app.oauth.clients.keys import ClientKey, read_keys, tried_keys
from app.oauth.clients.repository import Client
from app.runtime.clock import Clock
from app.runtime.single_flight import SingleFlight

MOST_SETS: Final = 1_000
SHORTEST_LIFE: Final = timedelta(minutes=5)
LONGEST_LIFE: Final = timedelta(hours=1)
STALE_FOR: Final = timedelta(hours=24)
FETCHED_EVERY: Final = timedelta(seconds=30)

_log: Final = structlog.stdlib.get_logger("app.oauth.key_sets")


@dataclass(frozen=True, slots=True)
class _KeySet:
    """What one address answered, and when it was last asked."""

    keys: Sequence[ClientKey]
    asked_at: datetime
    fresh_until: datetime
    stale_until: datetime


class KeySets:
    """Key sets by their address, in memory: at most MOST_SETS. Those that could not be had go first, then the longest
    unused."""

    def __init__(self, fetcher: Fetcher, fetches: FetchLimits, clock: Clock) -> None:
        self._fetcher = fetcher
        self._fetches = fetches
        self._clock = clock
        self._known: OrderedDict[str, _KeySet] = OrderedDict()
        self._flights: SingleFlight[_KeySet] = SingleFlight(personal=LimitReached)

    def __len__(self) -> int:
        return len(self._known)

    async def keys_of(self, client: Client, kid: str | None, requester: str) -> Sequence[ClientKey]:
        """The keys with which an assertion that names `kid` (or none) may be signed: few, whatever the client has.

        An address is asked again when its answer is no longer fresh, or for a key id that it did not have, and at
        most every 30 seconds; `requester` is the network address that the assertion came from. Raises `LimitReached`
        when there were too many fetches, and `Unavailable`, whatever the reason, when no answer is good any more.
        """
        if client.jwks is not None:
            return tried_keys(read_keys(client.jwks), kid)
        if client.jwks_uri is None:
            return []
        now = self._clock()
        known = self._known.get(client.jwks_uri)
        if known is None or (
            now >= known.asked_at + FETCHED_EVERY and (now >= known.fresh_until or not tried_keys(known.keys, kid))
        ):
            known = await self._flights.do(client.jwks_uri, partial(self._ask, client.jwks_uri, known, requester))
        if client.jwks_uri in self._known:
            self._known.move_to_end(client.jwks_uri)
        if self._clock() >= known.stale_until:
            raise Unavailable("The keys of this client can't be fetched now. Try again later.", retry_after=30)
        return tried_keys(known.keys, kid)

    async def _ask(self, address: str, known: _KeySet | None, requester: str) -> _KeySet:
        now = self._clock()
        good = known if known is not None and known.keys and now < known.stale_until else None
        try:
            await self._fetches.check(address, requester, known=good is not None)
        except RateLimited:
            # Nothing is kept of it: it says something of the requester, and nothing of this address, which the next
            # one may ask.
            if good is None:
                raise
            return good
        answer = await self._fetched(address, requester, good, now)
        self._known[address] = answer
        if len(self._known) > MOST_SETS:
            failed = (each for each, found in self._known.items() if not found.keys)
            del self._known[next(failed, next(iter(self._known)))]
        return answer

    async def _fetched(self, address: str, requester: str, good: _KeySet | None, now: datetime) -> _KeySet:
        nothing = _KeySet([], now, now, now)
        host = host_of(address)
        try:
            fetched = await self._fetcher.get(address, requester, limit_bytes=KEYS_BYTES)
        except FetchFailed as failure:
            _log.info("keys of a client not fetched", host=host, reason=str(failure.reason))
            if failure.reason is Reason.BUSY:
                # As above; what is known was not asked again, so the next requester may.
                if good is None:
                    raise KEY_SETS_OF_HOST.refusal(BUSY_SECONDS, host) from None
                return good
            if good is None or failure.reason is Reason.GONE:
                return nothing
            self._fetches.failed(address)
            return replace(good, asked_at=now, fresh_until=now)
        self._fetches.succeeded(address)
        keys = read_keys(fetched.body)
        if not keys:
            _log.info("keys of a client not fetched", host=host, reason="no usable key")
            return nothing
        life = min(max(lifetime_of(fetched.headers, now), SHORTEST_LIFE), LONGEST_LIFE)
        return _KeySet(keys, now, now + life, now + life + STALE_FOR)
