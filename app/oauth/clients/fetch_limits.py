"""How often URLs that strangers chose are fetched."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.limits import defaults
from app.limits.rate_limit import RateLimit, RateLimiter
from app.oauth.clients.policy import host_of

MOST_FAILED: Final = 10_000
BUSY_SECONDS: Final = 5
"""When to retry after a fetch that was not begun: those before it have ended by then, except for slow look-ups."""


@dataclass(frozen=True, slots=True)
class FetchRates:
    """The rate limits of one kind of fetches; those of a person only where people cause them."""

    of_host: RateLimit
    of_url: RateLimit
    for_network: RateLimit
    for_network_at_host: RateLimit | None = None
    for_person: RateLimit | None = None


DOCUMENTS: Final = FetchRates(
    defaults.DOCUMENTS_OF_HOST,
    defaults.DOCUMENTS_OF_URL,
    defaults.DOCUMENTS_FOR_NETWORK,
    defaults.DOCUMENTS_FOR_NETWORK_AT_HOST,
    defaults.DOCUMENTS_FOR_PERSON,
)
KEY_SETS: Final = FetchRates(defaults.KEY_SETS_OF_HOST, defaults.KEY_SETS_OF_URL, defaults.KEY_SETS_FOR_NETWORK)


class FetchLimits:
    """Limits of fetches by the host that is asked, and by the network address and person on whose behalf.

    A URL that answered well before has a rate of its own at its host, so that nobody uses it up with others there. The
    requester's limits do not hold for it either, until a fetch of it fails: a failure costs us time.

    A vendor may have a document for each connection, all at one host. So new ones also count by person, and by network
    at the host, and a few people or networks use up nothing that others need.
    """

    def __init__(self, limiter: RateLimiter, rates: FetchRates) -> None:
        self._limiter = limiter
        self._rates = rates
        self._failed: dict[str, None] = {}

    def __len__(self) -> int:
        """Return how many URLs are remembered for their failure: the latest ones, at most MOST_FAILED."""
        return len(self._failed)

    async def check(self, url: str, requester: str, person_id: UUID | None = None, *, known: bool) -> None:
        """Count a fetch; `known` when `url` answered well before. Raises `RateLimited`."""
        limiter, rates = self._limiter, self._rates
        if known:
            if url in self._failed:
                await limiter.check(rates.for_network, requester)
            await limiter.check(rates.of_url, url)
            return
        if rates.for_person is not None and person_id is not None:
            await limiter.check(rates.for_person, person_id)
        if rates.for_network_at_host is not None:
            await limiter.check(rates.for_network_at_host, requester, host_of(url))
        await limiter.check(rates.for_network, requester)
        await limiter.check(rates.of_host, host_of(url))

    def failed(self, url: str) -> None:
        """Note that the last fetch of a known URL failed."""
        self.succeeded(url)
        self._failed[url] = None
        if len(self._failed) > MOST_FAILED:
            del self._failed[next(iter(self._failed))]

    def succeeded(self, url: str) -> None:
        """Note that the last fetch of a URL succeeded."""
        self._failed.pop(url, None)
