"""The revocation endpoint (RFC 7009), for public clients too."""

from datetime import datetime
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.db import Connection, transaction
from app.oauth.auditing import endings_of, refused
from app.oauth.clients.authentication import find_proven_client
from app.oauth.clients.service_accounts import KIND as SERVICE
from app.oauth.clients.service_accounts import end_tokens
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.grants.revoking import Ended, Endings
from app.oauth.parameters import Parameters
from app.oauth.server import AuthorizationServer
from app.oauth.store.clients import Client, lock_client
from app.oauth.store.grants import GrantRow, by_id, lock_grant
from app.oauth.tokens.claims_cache import Claims
from app.oauth.tokens.client_request import Refusal, answer
from app.oauth.tokens.refresh import find_presented

AT_REVOCATION: Final = "revocation"
UNKNOWN_TOKEN: Final = "unknown_token"  # noqa: S105


async def revoke(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/revoke: ends the grant behind a refresh or access token; of a service account, every token and not
    the account. A token that is not (or no longer) good is answered alike (section 2.2); one of another client is
    refused and keeps working (section 2.1).

    Raises `LimitReached` for a client with too many failures.
    """
    return await answer(server, request, Action.TOKEN_REFUSED, partial(_serve, server, request), detail=AT_REVOCATION)


async def _serve(server: AuthorizationServer, request: Request, parameters: Parameters) -> Response | Refusal:
    client = await find_proven_client(server, request, parameters)
    if isinstance(client, OAuthFault):
        return Refusal(client)
    fault = await _end(server, request, client, parameters)
    return Response(status_code=200, headers=NOT_STORED) if fault is None else Refusal(fault, client.id)


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
