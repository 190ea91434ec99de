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
from app.oauth.clients.keys import ClientKey, candidate_keys, read_keys
from app.oauth.clients.models import Client
from app.oauth.clients.policy import host_of
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
    """What was fetched from one URL, and when it was last tried."""

    keys: Sequence[ClientKey]
    asked_at: datetime
    fresh_until: datetime
    stale_until: datetime


class KeySets:
    """Key sets by URL, in memory: at most MOST_SETS. Those that could not be fetched are dropped first, then the least
    recently used."""

    def __init__(self, fetcher: Fetcher, fetches: FetchLimits, clock: Clock) -> None:
        self._fetcher = fetcher
        self._fetches = fetches
        self._clock = clock
        self._known: OrderedDict[str, _KeySet] = OrderedDict()
        self._flights: SingleFlight[_KeySet] = SingleFlight(personal=LimitReached)

    def __len__(self) -> int:
        return len(self._known)

    async def keys_of(self, client: Client, kid: str | None, requester: str) -> Sequence[ClientKey]:
        """Return the few keys that may have signed an assertion that names `kid`, or no key (None).

        A URL is fetched again when its response is no longer fresh, or for a key id that it did not have, at most every
        30 seconds; `requester` is the network address that the assertion came from. Raises `LimitReached` after too
        many fetches, and `Unavailable`, whatever the reason, when there is no valid response left.
        """
        if client.jwks is not None:
            return candidate_keys(read_keys(client.jwks), kid)
        if client.jwks_uri is None:
            return []
        now = self._clock()
        known = self._known.get(client.jwks_uri)
        if known is None or (
            now >= known.asked_at + FETCHED_EVERY and (now >= known.fresh_until or not candidate_keys(known.keys, kid))
        ):
            known = await self._flights.do(client.jwks_uri, partial(self._refresh, client.jwks_uri, known, requester))
        if client.jwks_uri in self._known:
            self._known.move_to_end(client.jwks_uri)
        if self._clock() >= known.stale_until:
            raise Unavailable("The keys of this client can't be fetched now. Try again later.", retry_after=30)
        return candidate_keys(known.keys, kid)

    async def _refresh(self, url: str, known: _KeySet | None, requester: str) -> _KeySet:
        now = self._clock()
        valid = known if known is not None and known.keys and now < known.stale_until else None
        try:
            await self._fetches.check(url, requester, known=valid is not None)
        except RateLimited:
            # Not cached: it is about the requester, and not about this URL, which the next requester may fetch.
            if valid is None:
                raise
            return valid
        key_set = await self._fetch(url, requester, valid, now)
        self._known[url] = key_set
        if len(self._known) > MOST_SETS:
            failed = (each for each, found in self._known.items() if not found.keys)
            del self._known[next(failed, next(iter(self._known)))]
        return key_set

    async def _fetch(self, url: str, requester: str, valid: _KeySet | None, now: datetime) -> _KeySet:
        nothing = _KeySet([], now, now, now)
        host = host_of(url)
        try:
            fetched = await self._fetcher.get(url, requester, limit_bytes=KEYS_BYTES)
        except FetchFailed as failure:
            _log.info("keys of a client not fetched", host=host, reason=str(failure.reason))
            if failure.reason is Reason.BUSY:
                # As above; what is known was not fetched again, so the next requester may.
                if valid is None:
                    raise KEY_SETS_OF_HOST.refusal(BUSY_SECONDS, host) from None
                return valid
            if valid is None or failure.reason is Reason.GONE:
                return nothing
            self._fetches.failed(url)
            return replace(valid, asked_at=now, fresh_until=now)
        self._fetches.succeeded(url)
        keys = read_keys(fetched.body)
        if not keys:
            _log.info("keys of a client not fetched", host=host, reason="no usable key")
            return nothing
        life = min(max(lifetime_of(fetched.headers, now), SHORTEST_LIFE), LONGEST_LIFE)
        return _KeySet(keys, now, now + life, now + life + STALE_FOR)
