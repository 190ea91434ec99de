"""The introspection endpoint (RFC 7662), for resource servers that the operator has registered for it."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from app.audit.models import Action
from app.db import transaction
from app.households.repository import memberships_of
from app.limits.defaults import INTROSPECTIONS
from app.oauth.client_endpoint import NOT_STORED, ClientEndpoint, ClientRequest
from app.oauth.clients.authentication import ClientAuthenticator
from app.oauth.clients.models import PUBLIC
from app.oauth.context import OAuthContext
from app.oauth.errors import invalid_request, unauthorized_client
from app.oauth.grants.repository import find_live_grant
from app.oauth.tokens.claims import Claims
from app.oauth.tokens.verifier import TokenVerifier
from app.scopes import expand, format_scope

INACTIVE: Final[dict[str, Any]] = {"active": False}


class IntrospectionEndpoint(ClientEndpoint):
    """POST /oauth/introspect."""

    action = Action.TOKEN_INTROSPECTED

    def __init__(self, context: OAuthContext, authenticator: ClientAuthenticator, verifier: TokenVerifier) -> None:
        super().__init__(context)
        self._authenticator = authenticator
        self._verifier = verifier

    async def handle(self, request: ClientRequest) -> Response:
        """Return whether an access token is valid at this moment, and what for.

        Everything else gets `active: false` and nothing more: refresh tokens and API keys, for which no resource server
        has a use, and tokens of other issuers.

        Raises `OAuthError`, and `LimitReached` for a client that asks too often.
        """
        client = await self._authenticator.authenticate(request)
        if client.token_endpoint_auth_method == PUBLIC or not client.may_introspect:
            raise unauthorized_client("This client may not ask about tokens.")
        request.client_id = client.id
        await self._context.limiter.check(INTROSPECTIONS, client.id)
        if "token" not in request.parameters:
            raise invalid_request("The parameter token is missing.")
        claims = await self._verifier.verify(request.parameters["token"])
        response = await self._describe(claims) if isinstance(claims, Claims) else INACTIVE
        outcome = "active" if response["active"] else "inactive"
        entry = self._context.audit_entry(request.http, self.action, outcome=outcome, client_id=client.id)
        self._context.audit.note(entry)
        return JSONResponse(response, headers=NOT_STORED)

    async def _describe(self, claims: Claims) -> dict[str, Any]:
        """Return the response about a valid token, which is inactive without its grant or any membership."""
        now = self._context.clock()
        async with transaction(self._context.engine) as connection:
            grant = await find_live_grant(connection, claims.gid, now)
            if grant is None or (claims.sub, claims.client_id) != (grant.person_id, grant.client_id):
                return INACTIVE
            memberships = await memberships_of(connection, grant.person_id)
        scopes = expand(claims.scope.split()) & expand(grant.scopes)
        is_member = any(each.household_id in grant.household_ids for each in memberships)
        if not scopes or not is_member or claims.exp <= now:
            return INACTIVE
        return {
            "active": True,
            "iss": claims.iss,
            "aud": grant.endpoint.identifier(self._context.public_url),
            "sub": str(claims.sub),
            "client_id": claims.client_id,
            "scope": format_scope(scopes),
            "exp": int(claims.exp.timestamp()),
            "token_type": "Bearer",
        }
