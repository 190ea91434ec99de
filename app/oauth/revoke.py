"""The revocation endpoint (RFC 7009), for public clients too."""

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import Connection, transaction
from app.errors import Invalid
from app.oauth.auditing import entry_of, refused
from app.oauth.clients import authenticate_client
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.parameters import Parameters, parameters_of
from app.oauth.refresh import find_presented
from app.oauth.server import AuthorizationServer
from app.oauth.store.clients import Client
from app.oauth.store.grants import GrantRow, lock_grant, revoke_grant
from app.oauth.verifier import TokenVerifier
from app.ui.forms import read_form

BY_CLIENT: Final = "revoked_by_client"
AT_REVOCATION: Final = "revocation"
UNKNOWN_TOKEN: Final = "unknown_token"  # noqa: S105


async def revoke(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/revoke: ends the grant behind a refresh or access token. A token that is not (or no longer) good
    is answered alike (section 2.2); one of another client is refused and keeps working (section 2.1)."""
    try:
        parameters = parameters_of(await read_form(request))
    except Invalid as error:
        parameters = invalid_request(error.message)
    if isinstance(parameters, OAuthFault):
        refused(server, request, Action.TOKEN_REFUSED, parameters.error, detail=AT_REVOCATION)
        return parameters.response()
    claims = await TokenVerifier(server.settings, server.keys).verify(parameters.get("token", ""))
    grant_of_access_token = claims.gid if claims is not None else None
    async with transaction(server.engine) as connection:
        outcome = await _end(server, request, connection, parameters, grant_of_access_token)
    if isinstance(outcome, OAuthFault):
        return outcome.response()
    if outcome is not None:
        server.grant_revoked(outcome)
    return Response(status_code=200, headers=NOT_STORED)


async def _end(
    server: AuthorizationServer,
    request: Request,
    connection: Connection,
    parameters: Parameters,
    grant_of_access_token: UUID | None,
) -> UUID | OAuthFault | None:
    """The grant that has ended; None when there was nothing to end."""
    client = await authenticate_client(connection, request, parameters)
    if isinstance(client, OAuthFault):
        grant = client
    else:
        grant = await _grant_of(connection, client, parameters, grant_of_access_token)
    if isinstance(grant, GrantRow) and await revoke_grant(connection, grant.id, BY_CLIENT, server.clock()):
        known = {"person_id": grant.person_id, "client_id": grant.client_id, "grant_id": grant.id}
        await record(connection, entry_of(server, request, Action.GRANT_REVOKED, detail=BY_CLIENT, **known))
    else:
        error = grant.error if isinstance(grant, OAuthFault) else UNKNOWN_TOKEN
        refused(server, request, Action.TOKEN_REFUSED, error, detail=AT_REVOCATION)
    return grant.id if isinstance(grant, GrantRow) else grant


async def _grant_of(
    connection: Connection, client: Client, parameters: Parameters, grant_of_access_token: UUID | None
) -> GrantRow | OAuthFault | None:
    """The grant behind the token, locked."""
    if "token" not in parameters:
        return invalid_request("The parameter token is missing.")
    grant: GrantRow | None = None
    if grant_of_access_token is not None:
        grant = await lock_grant(connection, grant_of_access_token)
    elif (presented := await find_presented(connection, parameters["token"])) is not None:
        grant = presented.grant
    if grant is not None and grant.client_id != client.id:
        return OAuthFault("invalid_grant", "The token was issued to another client.")
    return grant
