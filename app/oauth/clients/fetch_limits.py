"""How often addresses that strangers chose are fetched from."""

from dataclasses import dataclass

from app.oauth.clients.ids import host_of
from app.ops.rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits by the host that is asked, and by the network address that has us ask it.

    An address that answered well before has a budget of its own: nobody uses it up with others at its host.
    """

    of_host: RateLimit
    of_requester: RateLimit

    async def hit(self, address: str, requester: str, *, known: bool) -> int | None:
        """Count a fetch; `known` when `address` answered well before. The seconds to wait when there is no room."""
        if known:
            return await self.of_host.hit(host_of(address), address)
        return await self.of_requester.hit(requester) or await self.of_host.hit(host_of(address))
