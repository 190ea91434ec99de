"""The token endpoint (RFC 6749 section 3.2)."""

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.limits.defaults import TOKENS_OF_SERVICE_ACCOUNT
from app.oauth.client_endpoint import NOT_STORED, ClientEndpoint, ClientRequest
from app.oauth.clients.authentication import ClientAuthenticator
from app.oauth.clients.models import GRANT_TYPES, PUBLIC, Client
from app.oauth.clients.repository import note_use
from app.oauth.context import OAuthContext
from app.oauth.errors import OAuthError, invalid_request, invalid_target, unauthorized_client
from app.oauth.grants.models import GrantRow
from app.oauth.grants.repository import by_id, contest_grant, find_service_grant
from app.oauth.grants.revocation import GrantRevocations, ReplayDetected, RevocationReason
from app.oauth.parameters import Parameters, find_resource
from app.oauth.tokens.access_tokens import AccessTokens, Issuable, has_refresh_token
from app.oauth.tokens.codes import redeem_code
from app.oauth.tokens.refresh_tokens import start_family, use_refresh_token
from app.resources import MAIN, NONE_OF_OURS, Resource
from app.runtime.addresses import client_address, known_network
from app.scopes import requested_scopes

_ACTIONS: Final = {"authorization_code": Action.CODE_REDEEMED, "refresh_token": Action.TOKEN_REFRESHED}


class TokenEndpoint(ClientEndpoint):
    """POST /oauth/token."""

    action = Action.TOKEN_REFUSED

    def __init__(self, context: OAuthContext, authenticator: ClientAuthenticator) -> None:
        super().__init__(context)
        self._authenticator = authenticator
        self._access_tokens = AccessTokens(
            context.public_url, MAIN.identifier(context.public_url), context.keys, context.tokens.access_token_life
        )

    async def handle(self, request: ClientRequest) -> Response:
        """Return an access token. Raises `OAuthError`.

        Raises `LimitReached` for a grant, a person or a service account with too many tokens; that changes nothing, so
        the same request succeeds later.
        """
        context, parameters = self._context, request.parameters
        await context.keys.refresh()
        credentials = await self._authenticator.read_credentials(request)
        revocations = context.revocations(request.http)
        async with transaction(context.engine, committed=revocations.publish) as connection:
            client = await self._authenticator.check(connection, credentials)
            request.client_id = client.id
            now = context.clock()
            try:
                network = known_network(client_address(request.http))
                issuable = await self._find_issuable(connection, client, parameters, now, network)
            except ReplayDetected as replay:
                await self._note_replay(connection, request.http, replay, revocations, now)
                raise
            response = self._access_tokens.issue(issuable.grant, issuable.scopes, now)
            if issuable.refresh_token is not None:
                response["refresh_token"] = issuable.refresh_token
            if issuable.is_contested:
                await self._contest(connection, request.http, issuable.grant, now)
            await note_use(connection, client.id, now)
            entry = context.audit_entry(
                request.http,
                _ACTIONS.get(parameters["grant_type"], Action.TOKEN_ISSUED),
                person_id=issuable.grant.person_id,
                client_id=client.id,
                grant_id=issuable.grant.id,
                detail=response["scope"],
            )
            await record(connection, entry)
        return JSONResponse(response, headers=NOT_STORED)

    async def _find_issuable(
        self, connection: Connection, client: Client, parameters: Parameters, now: datetime, network: str | None
    ) -> Issuable:
        resource: Resource | None = None  # then it is that of the grant
        if "resource" in parameters:  # RFC 8707 section 2.2
            resource = find_resource(self._context.public_url, parameters["resource"]) or NONE_OF_OURS
        match parameters.get("grant_type"):
            case "authorization_code":
                grant = await redeem_code(connection, client, parameters, resource, now)
                if not has_refresh_token(grant):
                    return Issuable(grant, grant.scopes, None)
                return Issuable(grant, grant.scopes, await start_family(connection, grant.id, now, network))
            case "refresh_token":
                limiter = self._context.limiter
                reuse = self._context.tokens.refresh_reuse
                return await use_refresh_token(connection, client, parameters, resource, now, limiter, network, reuse)
            case "client_credentials":
                issuable = await _service_grant(connection, client, parameters, resource, now)
                await self._context.limiter.check(TOKENS_OF_SERVICE_ACCOUNT, client.id)
                return issuable
            case None:
                raise invalid_request("The parameter grant_type is missing.")
            case _:
                raise OAuthError("unsupported_grant_type", f"grant_type must be one of {', '.join(GRANT_TYPES)}.")

    async def _note_replay(
        self,
        connection: Connection,
        request: Request,
        replay: ReplayDetected,
        revocations: GrantRevocations,
        now: datetime,
    ) -> None:
        """Revoke the grant of a code or refresh token that came again, or mark it, as the operator decided; a code is
        used within minutes by the one app that asked for it, so it always revokes."""
        grant = replay.grant
        is_marked = is_revoked = False
        if replay.reason is RevocationReason.CODE_REPLAYED or self._context.tokens.refresh_reuse == "revoke":
            is_revoked = bool(await revocations.revoke(connection, by_id(grant.id), replay.reason, now))
        else:
            is_marked = await self._contest(connection, request, grant, now)
        entry = self._context.audit_entry(
            request,
            Action.TOKEN_REPLAYED,
            outcome="grant_revoked" if is_revoked else replay.error,
            person_id=grant.person_id,
            client_id=grant.client_id,
            grant_id=grant.id,
            detail=replay.reason,
        )
        # The first replay is recorded with what follows from it; later ones are refused like anything else.
        if is_revoked or is_marked:
            await record(connection, entry)
        else:
            self._context.audit.refuse(entry)

    async def _contest(self, connection: Connection, request: Request, grant: GrantRow, now: datetime) -> bool:
        """Mark a grant as contested, on record if it wasn't yet."""
        address = client_address(request)
        if not await contest_grant(connection, grant.id, known_network(address), now):
            return False
        entry = self._context.audit_entry(
            request,
            Action.GRANT_CONTESTED,
            other_person_id=grant.person_id,
            client_id=grant.client_id,
            grant_id=grant.id,
        )
        await record(connection, entry)
        return True


async def _service_grant(
    connection: Connection, client: Client, parameters: Parameters, resource: Resource | None, now: datetime
) -> Issuable:
    """Return what a service account may do in its own name, without a refresh token (RFC 6749 section 4.4, and the MCP
    extension io.modelcontextprotocol/oauth-client-credentials). Raises `OAuthError`."""
    is_public = client.token_endpoint_auth_method == PUBLIC
    grant = None if is_public else await find_service_grant(connection, client.id, now)
    if grant is None:
        raise unauthorized_client("This client is no service account, or its account has ended.")
    if resource not in (None, grant.endpoint):
        raise invalid_target()
    # A program asks for all it knows; what the account has of it is in the answer (RFC 6749 section 3.3).
    scopes = grant.scopes & (requested_scopes(parameters.get("scope")) or grant.scopes)
    return Issuable(grant, scopes)
