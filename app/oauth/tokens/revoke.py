"""The revocation endpoint (RFC 7009), for public clients too."""

from datetime import datetime
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.db import Connection, transaction
from app.oauth.auditing import endings_of, refused
from app.oauth.clients.authentication import find_proven_client
from app.oauth.clients.repository import Client, lock_client
from app.oauth.context import OAuthContext
from app.oauth.credentials.service_accounts import KIND as SERVICE
from app.oauth.credentials.service_accounts import end_tokens
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.grants.repository import GrantRow, by_id, lock_grant
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.parameters import Parameters
from app.oauth.tokens.claims_cache import Claims
from app.oauth.tokens.client_request import Refusal, answer
from app.oauth.tokens.failures import count_useless
from app.oauth.tokens.refresh import find_presented

AT_REVOCATION: Final = "revocation"
UNKNOWN_TOKEN: Final = "unknown_token"  # noqa: S105


async def revoke(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/revoke: ends the grant behind a refresh or access token; of a service account, every token and not
    the account. A token that is not (or no longer) good, or of another issuer, is answered alike (section 2.2); one
    of another client is refused and keeps working (section 2.1).

    Raises `LimitReached` as `answer` does.
    """
    return await answer(server, request, Action.TOKEN_REFUSED, partial(_serve, server, request), detail=AT_REVOCATION)


async def _serve(server: OAuthContext, request: Request, parameters: Parameters) -> Response | Refusal:
    client = await find_proven_client(server, request, parameters)
    if isinstance(client, OAuthFault):
        return Refusal(client)
    outcome = await _end(server, request, client, parameters)
    if isinstance(outcome, OAuthFault):
        return Refusal(outcome, client.id)
    if not outcome:
        # The answer does not say so. A token whose grant has ended does not come here: hosts revoke both of theirs.
        refused(server, request, Action.TOKEN_REFUSED, UNKNOWN_TOKEN, client_id=client.id, detail=AT_REVOCATION)
        await count_useless(server.limiter, request)
    return Response(status_code=200, headers=NOT_STORED)


async def _end(server: OAuthContext, request: Request, client: Client, parameters: Parameters) -> OAuthFault | bool:
    """End what hangs on the token; whether it is one that we know."""
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
        if grant is not None:
            await end(connection, grant, endings, server.clock())
        return grant is not None


async def _end_grant(connection: Connection, grant: GrantRow, endings: GrantRevocations, now: datetime) -> None:
    await endings.end(connection, by_id(grant.id), RevocationReason.BY_CLIENT, now)
