"""How often addresses that strangers chose are fetched from."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.limits.rate_limit import RateLimit
from app.oauth.clients.ids import host_of

MOST_FAILED: Final = 10_000
BUSY_SECONDS: Final = 5
"""When to try again after a fetch that was not begun: those before it have ended by then, but for slow look-ups."""


class FetchLimits:
    """Limits by the host that is asked, and by the network address that has us ask it.

    An address that answered well before has a budget of its own at its host: nobody uses it up with others there. The
    requester's limit does not hold for it either, until a fetch from it fails: a failure costs us time.
    """

    def __init__(self, of_host: RateLimit, of_requester: RateLimit) -> None:
        self._of_host = of_host
        self._of_requester = of_requester
        self._failed: dict[str, None] = {}

    def __len__(self) -> int:
        """How many addresses are remembered for their failure: MOST_FAILED at most, the latest ones."""
        return len(self._failed)

    async def hit(self, address: str, requester: str, *, known: bool) -> int | None:
        """Count a fetch; `known` when `address` answered well before. The seconds to wait when there is no room."""
        if not known:
            return await self._of_requester.hit(requester) or await self._of_host.hit(host_of(address))
        seconds = await self._of_requester.hit(requester) if address in self._failed else None
        return seconds or await self._of_host.hit(host_of(address), address)

    def failed(self, address: str) -> None:
        """The last fetch from an address that is known was a failure."""
        self.succeeded(address)
        self._failed[address] = None
        if len(self._failed) > MOST_FAILED:
            del self._failed[next(iter(self._failed))]

    def succeeded(self, address: str) -> None:
        """The last fetch was none."""
        self._failed.pop(address, None)


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits of clients' documents, each of which is fetched for a person who has signed in.

    A vendor may have a document for each connection, all at one host. So one that is new counts by person, and by
    network address and host, and few of them use up nothing that others need.
    """

    fetches: FetchLimits
    of_person: RateLimit
    of_requester_at_host: RateLimit

    async def hit(self, address: str, requester: str, person_id: UUID, *, known: bool) -> int | None:
        """As `FetchLimits.hit`."""
        seconds = None
        if not known:
            seconds = await self.of_person.hit(str(person_id))
            seconds = seconds or await self.of_requester_at_host.hit(requester, host_of(address))
        return seconds or await self.fetches.hit(address, requester, known=known)
