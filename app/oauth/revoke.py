"""The revocation endpoint (RFC 7009), for public clients too."""

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.db import Connection, transaction
from app.errors import Invalid, LimitReached
from app.oauth.auditing import endings_of, refused
from app.oauth.claims_cache import Claims
from app.oauth.clients import find_proven_client
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.parameters import Parameters, parameters_of
from app.oauth.refresh import find_presented
from app.oauth.revoking import Ended, Endings
from app.oauth.server import AuthorizationServer
from app.oauth.service_accounts import KIND as SERVICE
from app.oauth.service_accounts import end_tokens
from app.oauth.store.clients import Client, lock_client
from app.oauth.store.grants import GrantRow, by_id, lock_grant
from app.ui.forms import read_form

AT_REVOCATION: Final = "revocation"
UNKNOWN_TOKEN: Final = "unknown_token"  # noqa: S105


async def revoke(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/revoke: ends the grant behind a refresh or access token; of a service account, every token and not
    the account. A token that is not (or no longer) good is answered alike (section 2.2); one of another client is
    refused and keeps working (section 2.1).

    Raises `LimitReached` for a client with too many failures.
    """
    try:
        parameters = parameters_of(await read_form(request))
    except Invalid as error:
        parameters = invalid_request(error.message)
    if isinstance(parameters, OAuthFault):
        refused(server, request, Action.TOKEN_REFUSED, parameters.error, detail=AT_REVOCATION)
        return parameters.response()
    try:
        await server.limits.failures.refuse(request, parameters)
    except LimitReached:
        refused(server, request, Action.TOKEN_REFUSED, LimitReached.code, detail=AT_REVOCATION)
        raise
    client = await find_proven_client(server, request, parameters)
    fault = client if isinstance(client, OAuthFault) else await _end(server, request, client, parameters)
    if fault is None:
        return Response(status_code=200, headers=NOT_STORED)
    refused(server, request, Action.TOKEN_REFUSED, fault.error, detail=AT_REVOCATION)
    await server.limits.failures.count(request, parameters)
    return fault.response()


async def _end(
    server: AuthorizationServer, request: Request, client: Client, parameters: Parameters
) -> OAuthFault | None:
    """End what hangs on the token, if there is something to end."""
    if "token" not in parameters:
        return invalid_request("The parameter token is missing.")
    claims = await server.verifier.verify(parameters["token"])
    endings = endings_of(server, request)
    async with transaction(server.engine, committed=endings.tell) as connection:
        if client.kind == SERVICE:
            await lock_client(connection, client.id)  # first, as whoever revokes the account does
        grant: GrantRow | None = None
        if isinstance(claims, Claims):
            grant = await lock_grant(connection, claims.gid)
        elif (presented := await find_presented(connection, parameters["token"])) is not None:
            grant = presented.grant
        if grant is not None and grant.client_id != client.id:
            return OAuthFault("invalid_grant", "The token was issued to another client.")
        end = end_tokens if client.kind == SERVICE else _end_grant
        if grant is None or not await end(connection, grant, endings, server.clock()):
            refused(server, request, Action.TOKEN_REFUSED, UNKNOWN_TOKEN, detail=AT_REVOCATION)
    return None


async def _end_grant(connection: Connection, grant: GrantRow, endings: Endings, now: datetime) -> bool:
    return bool(await endings.end(connection, by_id(grant.id), Ended.BY_CLIENT, now))
