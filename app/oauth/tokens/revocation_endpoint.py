"""The revocation endpoint (RFC 7009), for public clients too."""

from typing import Final

from starlette.responses import Response

from app.audit.models import Action
from app.db import Connection, transaction
from app.oauth.client_endpoint import NOT_STORED, ClientEndpoint, ClientRequest
from app.oauth.clients.authentication import ClientAuthenticator
from app.oauth.clients.models import Client, ClientKind
from app.oauth.clients.repository import lock_client
from app.oauth.context import OAuthContext
from app.oauth.credentials.service_accounts import revoke_tokens
from app.oauth.errors import OAuthError, invalid_request
from app.oauth.grants.models import GrantRow
from app.oauth.grants.repository import by_id, lock_grant
from app.oauth.grants.revocation import RevocationReason
from app.oauth.tokens.claims import AccessClaims, Claims
from app.oauth.tokens.failures import count_useless
from app.oauth.tokens.refresh_tokens import find_presented
from app.oauth.tokens.verifier import TokenVerifier

UNKNOWN_TOKEN: Final = "unknown_token"  # noqa: S105


class RevocationEndpoint(ClientEndpoint):
    """POST /oauth/revoke."""

    action = Action.TOKEN_REFUSED
    detail = "revocation"

    def __init__(self, context: OAuthContext, authenticator: ClientAuthenticator, verifier: TokenVerifier) -> None:
        super().__init__(context)
        self._authenticator = authenticator
        self._verifier = verifier

    async def handle(self, request: ClientRequest) -> Response:
        """End the grant behind a refresh or access token; of a service account, every token but not the account.

        A token that is invalid, or of another issuer, gets the same response (section 2.2); one of another client is
        refused and keeps working (section 2.1). Raises `OAuthError`.
        """
        client = await self._authenticator.authenticate(request)
        request.client_id = client.id
        if "token" not in request.parameters:
            raise invalid_request("The parameter token is missing.")
        if not await self._revoke(request, client, request.parameters["token"]):
            # The response does not say so. A token whose grant has ended is known: hosts revoke both of theirs.
            self._context.record_refusal(
                request.http, self.action, UNKNOWN_TOKEN, client_id=client.id, detail=self.detail
            )
            await count_useless(self._context.limiter, request.http)
        return Response(status_code=200, headers=NOT_STORED)

    async def _revoke(self, request: ClientRequest, client: Client, token: str) -> bool:
        """Return whether the token is known."""
        claims = await self._verifier.verify(token)
        is_service = client.kind == ClientKind.SERVICE
        revocations = self._context.revocations(request.http)
        async with transaction(self._context.engine, committed=revocations.publish) as connection:
            if is_service:
                await lock_client(connection, client.id)  # first, as where the account is revoked
            grant = await _lock_grant_of(connection, token, claims)
            if grant is None:
                return False
            if grant.client_id != client.id:
                raise OAuthError("invalid_grant", "The token was issued to another client.")
            now = self._context.clock()
            if is_service:
                await revoke_tokens(connection, grant, revocations, now)
            else:
                await revocations.revoke(connection, by_id(grant.id), RevocationReason.BY_CLIENT, now)
            return True


async def _lock_grant_of(connection: Connection, token: str, claims: AccessClaims | None) -> GrantRow | None:
    if isinstance(claims, Claims):
        return await lock_grant(connection, claims.gid)
    presented = await find_presented(connection, token)
    return None if presented is None else presented.grant
