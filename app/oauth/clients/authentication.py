"""Client authentication (RFC 6749 section 2.3) at the token, revocation and introspection endpoints."""

import hmac
from dataclasses import replace
from typing import Final

import structlog

from app.crypto.tokens import hash_of
from app.db import Connection, transaction
from app.errors import LimitReached, Unavailable
from app.oauth.client_endpoint import ClientRequest
from app.oauth.clients.assertions import Assertion, claimed_key, verify_assertion
from app.oauth.clients.credentials import ClientCredentials, credentials_of
from app.oauth.clients.key_sets import KeySets
from app.oauth.clients.models import PRIVATE_KEY_JWT, PUBLIC, SECRET_METHODS, Client
from app.oauth.clients.policy import is_document_id
from app.oauth.clients.repository import find_client, use_assertion
from app.oauth.context import OAuthContext
from app.oauth.errors import OAuthError, invalid_client
from app.oauth.tokens.failures import count_failure
from app.runtime.addresses import client_address

_log: Final = structlog.stdlib.get_logger("app.oauth")


class ClientAuthenticator:
    """Authenticates clients by nothing but their id, by a secret, or by an assertion."""

    def __init__(self, context: OAuthContext, key_sets: KeySets) -> None:
        self._engine = context.engine
        self._policy = context.client_policy
        self._clock = context.clock
        self._key_sets = key_sets
        self._limiter = context.limiter
        # RFC 7523 as it was first written names the token endpoint; some clients still do.
        self._audiences = (context.public_url, f"{context.public_url}/oauth/token")

    async def authenticate(self, request: ClientRequest) -> Client:
        """Return the client of a request to an endpoint that needs nothing else in the same transaction.

        Raises as `read_credentials` does.
        """
        credentials = await self.read_credentials(request)
        async with transaction(self._engine) as connection:
            return await self.check(connection, credentials)

    async def read_credentials(self, request: ClientRequest) -> ClientCredentials:
        """Return the credentials in a request, with an assertion verified but not used up.

        The keys for it may have to be fetched, so call this outside a transaction. Raises `OAuthError`; `Unavailable`
        or `LimitReached` when the keys can't be fetched, which counts as a failure of the client.
        """
        credentials = credentials_of(request.http, request.parameters)
        if credentials.assertion is None:
            return credentials
        async with transaction(self._engine) as connection:
            client = await find_client(connection, credentials.client_id)
        if client is None:
            raise invalid_client()
        if client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
            raise client_auth_failed(client, "method")
        requester = client_address(request.http)
        try:
            keys = await self._key_sets.keys_of(client, claimed_key(credentials.assertion), requester)
        except (LimitReached, Unavailable):
            # This counts as a failure: the client registered a URL that doesn't respond, and each try costs a wait.
            await count_failure(self._limiter, request.http, request.parameters)
            raise
        verified = verify_assertion(credentials.assertion, client.id, keys, self._audiences, self._clock())
        if not isinstance(verified, Assertion):
            raise client_auth_failed(client, verified)
        return replace(credentials, verified=verified)

    async def check(self, connection: Connection, credentials: ClientCredentials) -> Client:
        """Return the client that these credentials authenticate, and use up an assertion. Raises `OAuthError`.

        A public client only names itself. One with a secret must send it, in either of the two ways.
        """
        client = await find_client(connection, credentials.client_id)
        if client is None:
            raise invalid_client()
        reason = await _failure(connection, client, credentials)
        if reason is not None:
            raise client_auth_failed(client, reason)
        if is_document_id(client.id) and self._policy.client_id_error(client.id) is not None:
            raise invalid_client()
        return client


def client_auth_failed(client: Client, reason: str) -> OAuthError:
    """Return the error, which is the same for every reason; the log has the reason."""
    _log.info("client not believed", client_id=client.id, wrong=reason)
    return invalid_client()


async def _failure(connection: Connection, client: Client, credentials: ClientCredentials) -> str | None:
    """Return in a word why these credentials don't authenticate the client; None if they do."""
    method = client.token_endpoint_auth_method
    if method == PRIVATE_KEY_JWT:
        verified = credentials.verified
        if verified is None or verified.client_id != client.id:
            return "method"
        is_new = await use_assertion(connection, client.id, hash_of(verified.jti), verified.remembered_until)
        return None if is_new else "jti"
    if credentials.assertion is not None:
        return "method"
    if method == PUBLIC:
        return "method" if credentials.secret else None
    if method not in SECRET_METHODS or client.secret_hash is None or credentials.secret is None:
        return "method"
    return None if hmac.compare_digest(hash_of(credentials.secret), client.secret_hash) else "secret"
