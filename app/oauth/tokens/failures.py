"""Failed requests of clients at the endpoints that they call themselves.

They count by client and network together, which decides how failures are answered and nothing else; and by network
alone, where so many are a flood. Strangers share both, as all who use one vendor's assistant do. Someone who
fails on purpose must not keep out valid requests, so every request is looked at until its network floods.
"""

from starlette.requests import Request

from app.limits.defaults import CLIENT_FAILURES, FAILURES
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.credentials import claimed_client_id
from app.oauth.parameters import Parameters
from app.runtime.addresses import client_address


async def refuse_flood(limiter: RateLimiter, request: Request) -> None:
    """Raise `RateLimited` for a network whose requests are not worth a look."""
    await limiter.peek(FAILURES, client_address(request))


async def count_failure(limiter: RateLimiter, request: Request, parameters: Parameters) -> None:
    """Count a failure. Raises `RateLimited`, to be answered in its place, when its client has had too many."""
    await count_useless(limiter, request)
    await limiter.check(CLIENT_FAILURES, client_address(request), claimed_client_id(request, parameters))


async def count_useless(limiter: RateLimiter, request: Request) -> None:
    """Count a request that is no failure of its client, and was not worth its look."""
    await limiter.count(FAILURES, client_address(request))
