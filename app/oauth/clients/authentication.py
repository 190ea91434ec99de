"""Who is asking at the endpoints that clients call themselves."""

import hmac
from dataclasses import replace
from typing import Final

import structlog
from starlette.requests import Request

from app.crypto.tokens import hash_of
from app.db import Connection, transaction
from app.errors import LimitReached, Unavailable
from app.oauth.clients.assertions import Assertion, claimed_key, verify_assertion
from app.oauth.clients.assertions_repository import use_assertion
from app.oauth.clients.credentials import ClientCredentials, credentials_of
from app.oauth.clients.ids import client_id_error, is_document_id
from app.oauth.clients.repository import Client, find_client
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault, invalid_client
from app.oauth.metadata import PRIVATE_KEY_JWT, PUBLIC, SECRET_METHODS
from app.oauth.parameters import Parameters
from app.oauth.tokens.failures import count_failure
from app.runtime.requests import client_address

_log: Final = structlog.stdlib.get_logger("app.oauth")


async def read_credentials(
    server: OAuthContext, request: Request, parameters: Parameters
) -> ClientCredentials | OAuthFault:
    """The credentials in a request, an assertion among them checked but not used up.

    Its keys may have to be fetched, so call it outside a transaction. Raises `Unavailable` or `LimitReached` when they
    can't be; that is counted as a failure of the client, and answered as one.
    """
    given = credentials_of(request, parameters)
    if isinstance(given, OAuthFault) or given.assertion is None:
        return given
    async with transaction(server.engine) as connection:
        client = await find_client(connection, given.client_id)
    if client is None:
        return invalid_client()
    if client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        return client_auth_failed(client, "method")
    try:
        keys = await server.key_sets.keys_of(client, claimed_key(given.assertion), client_address(request))
    except (LimitReached, Unavailable):
        # Whoever registered the address of the keys chose one that answers nothing: that costs us time.
        await count_failure(server.limiter, request, parameters)
        raise
    proven = verify_assertion(given.assertion, client.id, keys, server.assertion_audiences, server.clock())
    return replace(given, proven=proven) if isinstance(proven, Assertion) else client_auth_failed(client, proven)


async def authenticate_client(
    server: OAuthContext, connection: Connection, given: ClientCredentials
) -> Client | OAuthFault:
    """The client that these credentials prove. An assertion is used up by it.

    A public client only names itself. One with a secret must show it, in whichever of the two ways.
    """
    client = await find_client(connection, given.client_id)
    if client is None:
        return invalid_client()
    wrong = await _what_is_wrong(connection, client, given)
    if wrong is not None:
        return client_auth_failed(client, wrong)
    if is_document_id(client.id) and client_id_error(server.settings, client.id) is not None:
        return invalid_client()
    return client


async def find_proven_client(server: OAuthContext, request: Request, parameters: Parameters) -> Client | OAuthFault:
    """The client that a request proves, for endpoints that ask nothing else of the same transaction."""
    given = await read_credentials(server, request, parameters)
    if isinstance(given, OAuthFault):
        return given
    async with transaction(server.engine) as connection:
        return await authenticate_client(server, connection, given)


def client_auth_failed(client: Client, wrong: str) -> OAuthFault:
    """The answer, which is the same for all; whoever sets up a client finds the reason in the log."""
    _log.info("client not believed", client_id=client.id, wrong=wrong)
    return invalid_client()


async def _what_is_wrong(connection: Connection, client: Client, given: ClientCredentials) -> str | None:
    """What keeps these credentials from proving the client, in a word; None if they do."""
    method = client.token_endpoint_auth_method
    if method == PRIVATE_KEY_JWT:
        proven = given.proven
        if proven is None or proven.client_id != client.id:
            return "method"
        is_new = await use_assertion(connection, client.id, hash_of(proven.jti), proven.remembered_until)
        return None if is_new else "jti"
    if given.assertion is not None:
        return "method"
    if method == PUBLIC:
        return "method" if given.secret else None
    if method not in SECRET_METHODS or client.secret_hash is None or given.secret is None:
        return "method"
    return None if hmac.compare_digest(hash_of(given.secret), client.secret_hash) else "secret"
