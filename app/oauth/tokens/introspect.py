"""Introspection (RFC 7662): a resource server that was let in by whoever runs the service asks about a token."""

from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.audit.models import Action
from app.db import Connection, transaction
from app.households.repository import memberships_of
from app.limits.defaults import INTROSPECTIONS
from app.oauth.auditing import entry_of
from app.oauth.clients.authentication import find_proven_client
from app.oauth.clients.repository import Client
from app.oauth.context import OAuthContext
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request, unauthorized_client
from app.oauth.grants.models import Grant, find_live_grant
from app.oauth.metadata import PUBLIC
from app.oauth.parameters import Parameters
from app.oauth.tokens.claims_cache import Claims
from app.oauth.tokens.client_request import Refusal, answer
from app.scopes import expand, format_scope

INACTIVE: Final[dict[str, Any]] = {"active": False}


async def introspect(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/introspect: whether an access token is good at this moment, and what for.

    Whatever is not a good access token of ours is answered with `active: false` and nothing else: so are refresh
    tokens and API keys, which no resource server has a use for, and tokens of other issuers. Raises `LimitReached` for
    a client that asks too often, and as `answer` does.
    """
    return await answer(server, request, Action.TOKEN_INTROSPECTED, partial(_serve, server, request))


async def _serve(server: OAuthContext, request: Request, parameters: Parameters) -> Response | Refusal:
    client = await _authorized(server, request, parameters)
    if isinstance(client, OAuthFault):
        return Refusal(client)
    await server.limiter.check(INTROSPECTIONS, client.id)
    if "token" not in parameters:
        return Refusal(invalid_request("The parameter token is missing."), client.id)
    claims = await server.verifier.verify(parameters["token"])
    found = await _answer(server, claims) if isinstance(claims, Claims) else INACTIVE
    outcome = "active" if found["active"] else "inactive"
    server.audit.note(entry_of(server, request, Action.TOKEN_INTROSPECTED, outcome=outcome, client_id=client.id))
    return JSONResponse(found, headers=NOT_STORED)


async def _authorized(server: OAuthContext, request: Request, parameters: Parameters) -> Client | OAuthFault:
    """The client, when it has proven itself and may ask."""
    client = await find_proven_client(server, request, parameters)
    if isinstance(client, OAuthFault):
        return client
    if client.token_endpoint_auth_method == PUBLIC or not client.may_introspect:
        return unauthorized_client("This client may not ask about tokens.")
    return client


async def _answer(server: OAuthContext, claims: Claims) -> dict[str, Any]:
    async with transaction(server.engine) as connection:
        found = await _today(server, connection, claims)
    if found is None or claims.exp <= server.clock():
        return INACTIVE
    grant, scopes = found
    return {
        "active": True,
        "iss": claims.iss,
        "aud": grant.endpoint.identifier(server.settings.public_url),
        "sub": str(claims.sub),
        "client_id": claims.client_id,
        "scope": format_scope(scopes),
        "exp": int(claims.exp.timestamp()),
        "token_type": "Bearer",
    }


async def _today(server: OAuthContext, connection: Connection, claims: Claims) -> tuple[Grant, frozenset[str]] | None:
    """The token's grant and the scopes that the token has there; None when the grant or every membership has ended."""
    grant = await find_live_grant(connection, claims.gid, server.clock())
    if grant is None or (claims.sub, claims.client_id) != (grant.person_id, grant.client_id):
        return None
    memberships = await memberships_of(connection, grant.person_id)
    if not any(each.household_id in grant.household_ids for each in memberships):
        return None
    scopes = expand(claims.scope.split()) & expand(grant.scopes)
    return (grant, scopes) if scopes else None
