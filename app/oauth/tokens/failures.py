"""Failed requests of clients at the endpoints that they call themselves."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from app.oauth.clients.credentials import claimed_client_id
from app.oauth.parameters import Parameters
from app.ops.rate_limit import RateLimit
from app.ops.requests import address_of

_TOO_MANY: Final = "Too many failed requests of this client or address."


@dataclass(frozen=True, slots=True)
class Failures:
    """Counts failures by client and address together, because the clients of one vendor share its addresses; and,
    with far more patience, by address alone, because whoever guesses can also change the client id."""

    of_client: RateLimit
    of_address: RateLimit

    async def refuse(self, request: Request, parameters: Parameters) -> None:
        """Raise `LimitReached` when this client at this address, or the address, has failed too often lately."""
        address, client_id = address_of(request), claimed_client_id(request, parameters)
        await self.of_client.require_room(address, _TOO_MANY, client_id)
        await self.of_address.require_room(address, _TOO_MANY)

    async def count(self, request: Request, parameters: Parameters) -> None:
        """Count one failure."""
        address, client_id = address_of(request), claimed_client_id(request, parameters)
        await self.of_client.hit(address, client_id)
        await self.of_address.hit(address)
