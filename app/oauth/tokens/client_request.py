"""What the endpoints that clients call themselves (token, revocation, introspection) do alike with a request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.errors import Invalid, LimitReached
from app.limits.rate_limit import limited_subject
from app.oauth.auditing import refused
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault, invalid_request
from app.oauth.parameters import Parameters, parameters_of
from app.oauth.tokens.failures import count_failure, refuse_flood
from app.ui.forms import read_form


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told, and what is known of it. `is_recorded`: a row says more of it than that it was refused."""

    fault: OAuthFault
    client_id: str | None = None
    is_recorded: bool = False


Serve = Callable[[Parameters], Awaitable[Response | Refusal]]


async def answer(
    server: OAuthContext, request: Request, action: Action, serve: Serve, *, detail: str | None = None
) -> Response:
    """The answer to a request, which `serve` makes of its parameters. A refusal is recorded as `action`, and counts as
    a failure of the client.

    Raises `LimitReached` for an address with very many failures; in place of a refusal for a client with too many; and
    what `serve` raises.
    """
    try:
        parameters = parameters_of(await read_form(request))
    except Invalid as error:
        parameters = invalid_request(error.message)
    if isinstance(parameters, OAuthFault):
        refused(server, request, action, parameters.error, detail=detail)
        return parameters.response()
    try:
        await refuse_flood(server.limiter, request)
        outcome = await serve(parameters)
        if isinstance(outcome, Response):
            return outcome
        await count_failure(server.limiter, request, parameters)
    except LimitReached as reached:
        refused(server, request, action, reached.code, detail=detail, **limited_subject(reached))
        raise
    if not outcome.is_recorded:
        refused(server, request, action, outcome.fault.error, client_id=outcome.client_id, detail=detail)
    return outcome.fault.response()
