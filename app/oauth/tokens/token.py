"""The token endpoint (RFC 6749 section 3.2)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection, transaction
from app.limits.defaults import TOKENS_OF_SERVICE_ACCOUNT
from app.oauth.auditing import endings_of, entry_of
from app.oauth.clients.authentication import authenticate_client, read_credentials
from app.oauth.clients.repository import Client, note_use
from app.oauth.context import OAuthContext
from app.oauth.faults import NOT_STORED, OAuthFault, invalid_request
from app.oauth.grants.repository import GrantRow, by_id
from app.oauth.grants.revocation import Revocation
from app.oauth.metadata import GRANT_TYPES
from app.oauth.parameters import Parameters, resource_of
from app.oauth.tokens.access_tokens import access_token, has_refresh_token, token_life
from app.oauth.tokens.client_credentials import grant_of_service
from app.oauth.tokens.client_request import Refusal, answer
from app.oauth.tokens.codes import redeem_code
from app.oauth.tokens.refresh import Refreshed, refresh, start_family
from app.resources import NONE_OF_OURS, Resource
from app.scopes import format_scope

_ACTIONS: Final = {"authorization_code": Action.CODE_REDEEMED, "refresh_token": Action.TOKEN_REFRESHED}


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """The members of a successful answer (RFC 6749 section 5.1), and the grant that it is about."""

    members: dict[str, Any]
    grant: GrantRow


async def token(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/token. Cookies are ignored.

    Raises `LimitReached` as `answer` does, and for a grant, a person or a service account with too many tokens; nothing
    is changed for those, so the same request is as good later.
    """
    return await answer(server, request, Action.TOKEN_REFUSED, partial(_serve, server, request))


async def _serve(server: OAuthContext, request: Request, parameters: Parameters) -> Response | Refusal:
    await server.keys.refresh()
    given = await read_credentials(server, request, parameters)
    if isinstance(given, OAuthFault):
        return Refusal(given)
    endings = endings_of(server, request)
    async with transaction(server.engine, committed=endings.tell) as connection:
        client = await authenticate_client(server, connection, given)
        if isinstance(client, OAuthFault):
            return Refusal(client)
        now = server.clock()
        outcome = await _outcome(server, connection, client, parameters, now)
        if isinstance(outcome, Revocation):
            ended = await endings.end(connection, by_id(outcome.grant.id), outcome.because, now)
            entry = _replay(server, request, outcome, is_ended=bool(ended))
            # The first time is recorded with the ending; who goes on replaying is refused like anyone.
            if ended:
                await record(connection, entry)
            else:
                server.audit.refuse(entry)
        elif isinstance(outcome, TokenAnswer):
            await note_use(connection, client.id, now)
            await record(connection, _entry(server, request, parameters, outcome))
    if isinstance(outcome, TokenAnswer):
        return JSONResponse(outcome.members, headers=NOT_STORED)
    if isinstance(outcome, Revocation):
        return Refusal(outcome.fault, is_recorded=True)
    return Refusal(outcome, client.id)


def _replay(server: OAuthContext, request: Request, found: Revocation, is_ended: bool) -> AuditEntry:
    """The entry about a code or token that came back; `is_ended`: the grant was ended because of it."""
    return entry_of(
        server,
        request,
        Action.TOKEN_REPLAYED,
        outcome="grant_revoked" if is_ended else found.fault.error,
        person_id=found.grant.person_id,
        client_id=found.grant.client_id,
        grant_id=found.grant.id,
        detail=found.because,
    )


def _entry(server: OAuthContext, request: Request, parameters: Parameters, answer: TokenAnswer) -> AuditEntry:
    return entry_of(
        server,
        request,
        _ACTIONS.get(parameters["grant_type"], Action.TOKEN_ISSUED),
        person_id=answer.grant.person_id,
        client_id=answer.grant.client_id,
        grant_id=answer.grant.id,
        detail=answer.members["scope"],
    )


async def _outcome(
    server: OAuthContext, connection: Connection, client: Client, parameters: Parameters, now: datetime
) -> TokenAnswer | Revocation | OAuthFault:
    resource = _named_resource(server, parameters)
    match parameters.get("grant_type"):
        case "authorization_code":
            grant = await redeem_code(connection, client, parameters, resource, now)
            if not isinstance(grant, GrantRow):
                return grant
            fresh = await start_family(connection, grant.id, now) if has_refresh_token(grant) else None
            return _answer(server, grant, grant.scopes, fresh, now)
        case "refresh_token":
            refreshed = await refresh(connection, client, parameters, resource, now, server.limiter)
            if not isinstance(refreshed, Refreshed):
                return refreshed
            return _answer(server, refreshed.grant, refreshed.scopes, refreshed.refresh_token, now)
        case "client_credentials":
            granted = await grant_of_service(connection, client, parameters, resource, now)
            if isinstance(granted, OAuthFault):
                return granted
            await server.limiter.check(TOKENS_OF_SERVICE_ACCOUNT, client.id)
            return _answer(server, granted.grant, granted.scopes, None, now)
        case None:
            return invalid_request("The parameter grant_type is missing.")
        case _:
            return OAuthFault("unsupported_grant_type", f"grant_type must be one of {', '.join(GRANT_TYPES)}.")


def _named_resource(server: OAuthContext, parameters: Parameters) -> Resource | None:
    """The endpoint that the request names (RFC 8707 section 2.2), NONE_OF_OURS for any other; None when it leaves that
    to the grant."""
    if "resource" not in parameters:
        return None
    return resource_of(server.settings, parameters["resource"]) or NONE_OF_OURS


def _answer(
    server: OAuthContext, grant: GrantRow, scopes: frozenset[str], refresh_token: str | None, now: datetime
) -> TokenAnswer:
    members: dict[str, Any] = {
        "access_token": access_token(server.settings, server.keys, grant, scopes, now),
        "token_type": "Bearer",
        "expires_in": int(token_life(grant, now).total_seconds()),
        "scope": format_scope(scopes),
    }
    if refresh_token is not None:
        members["refresh_token"] = refresh_token
    return TokenAnswer(members, grant)
