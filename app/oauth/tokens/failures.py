"""Failed requests of clients at the endpoints that they call themselves."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from app.limits.rate_limit import RateLimit
from app.oauth.clients.credentials import claimed_client_id
from app.oauth.parameters import Parameters
from app.runtime.requests import client_address

_TOO_MANY: Final = "Too many failed requests of this client or address."


@dataclass(frozen=True, slots=True)
class Failures:
    """Counts failures by client and address together, which decides how failures are answered and nothing else; and
    by address alone, where so many are a flood.

    Strangers share clients and addresses: all who use one vendor's assistant do. Whoever fails there on purpose must
    not keep out who is right, so every request is looked at until its address is flooding.
    """

    of_client: RateLimit
    of_address: RateLimit

    async def refuse_flood(self, request: Request) -> None:
        """Raise `LimitReached` for an address whose requests are not worth a look."""
        await self.of_address.require_room(client_address(request), _TOO_MANY)

    async def count(self, request: Request, parameters: Parameters) -> None:
        """Count one failure. Raises `LimitReached`, to be answered in its place, when its client has had too many."""
        await self.count_in_vain(request)
        await self.of_client.require(client_address(request), _TOO_MANY, claimed_client_id(request, parameters))

    async def count_in_vain(self, request: Request) -> None:
        """Count a request that is none of its client's failures, and was not worth its look."""
        await self.of_address.hit(client_address(request))
