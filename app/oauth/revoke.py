"""The revocation endpoint (RFC 7009), for public clients too."""

from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.errors import Invalid
from app.oauth.claims_cache import Claims
from app.oauth.clients import authenticate_client
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.parameters import Parameters, parameters_of
from app.oauth.refresh import find_presented
from app.oauth.server import AuthorizationServer
from app.oauth.store.clients import Client
from app.oauth.store.grants import GrantRow, lock_grant, revoke_grant
from app.oauth.verifier import TokenVerifier
from app.ui.forms import read_form


async def revoke(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/revoke: ends the grant behind a refresh or access token. A token that is not (or no longer) good
    is answered alike (section 2.2); one of another client is refused and keeps working (section 2.1)."""
    try:
        parameters = parameters_of(await read_form(request))
    except Invalid as error:
        parameters = invalid_request(error.message)
    if isinstance(parameters, OAuthFault):
        return parameters.response()
    claims = await TokenVerifier(server.settings, server.keys).verify(parameters.get("token", ""))
    grant_of_access_token = claims.gid if isinstance(claims, Claims) else None
    async with transaction(server.engine) as connection:
        client = await authenticate_client(connection, request, parameters)
        outcome = client
        if not isinstance(client, OAuthFault):
            outcome = await _end(connection, client, parameters, grant_of_access_token, server.clock())
    if isinstance(outcome, OAuthFault):
        return outcome.response()
    if isinstance(outcome, UUID):
        server.grant_revoked(outcome)
    return Response(status_code=200, headers=NOT_STORED)


async def _end(
    connection: Connection, client: Client, parameters: Parameters, grant_of_access_token: UUID | None, now: datetime
) -> UUID | OAuthFault | None:
    """The grant that was ended; None when there was nothing to end."""
    if "token" not in parameters:
        return invalid_request("The parameter token is missing.")
    grant: GrantRow | None = None
    if grant_of_access_token is not None:
        grant = await lock_grant(connection, grant_of_access_token)
    elif (presented := await find_presented(connection, parameters["token"])) is not None:
        grant = presented.grant
    if grant is None:
        return None
    if grant.client_id != client.id:
        return OAuthFault("invalid_grant", "The token was issued to another client.")
    await revoke_grant(connection, grant.id, "revoked_by_client", now)
    return grant.id
