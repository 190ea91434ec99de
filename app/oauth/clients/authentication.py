"""Who is asking at the endpoints that clients call themselves."""

import hmac
from dataclasses import replace

from starlette.requests import Request

from app.db import Connection, transaction
from app.errors import LimitReached, Unavailable
from app.oauth.clients.assertions import claimed_key, verify_assertion
from app.oauth.clients.credentials import ClientCredentials, credentials_of
from app.oauth.clients.ids import fault_of_client_id, is_document_id
from app.oauth.faults import OAuthFault, invalid_client
from app.oauth.metadata import PRIVATE_KEY_JWT, PUBLIC, SECRET_METHODS
from app.oauth.parameters import Parameters
from app.oauth.server import AuthorizationServer
from app.oauth.store.assertions import use_assertion
from app.oauth.store.clients import Client, find_client
from app.ops.requests import address_of
from app.ops.secrets import hash_of


async def read_credentials(
    server: AuthorizationServer, request: Request, parameters: Parameters
) -> ClientCredentials | OAuthFault:
    """The credentials in a request, an assertion among them checked but not used up.

    Its keys may have to be fetched, so call it outside a transaction. Raises `Unavailable` or `LimitReached` when they
    can't be; that is counted as a failure of the client.
    """
    given = credentials_of(request, parameters)
    if isinstance(given, OAuthFault) or given.assertion is None:
        return given
    async with transaction(server.engine) as connection:
        client = await find_client(connection, given.client_id)
    if client is None or client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        return invalid_client()
    try:
        keys = await server.key_sets.keys_of(client, claimed_key(given.assertion), address_of(request))
    except (LimitReached, Unavailable):
        # Whoever registered the address of the keys chose one that answers nothing: that costs us time.
        await server.limits.failures.count(request, parameters)
        raise
    proven = verify_assertion(given.assertion, client.id, keys, server.assertion_audiences, server.clock())
    return invalid_client() if proven is None else replace(given, proven=proven)


async def authenticate_client(
    server: AuthorizationServer, connection: Connection, given: ClientCredentials
) -> Client | OAuthFault:
    """The client that these credentials prove. An assertion is used up by it.

    A public client only names itself. One with a secret must show it, in whichever of the two ways.
    """
    client = await find_client(connection, given.client_id)
    if client is None or not await _proves(connection, client, given):
        return invalid_client()
    if is_document_id(client.id) and fault_of_client_id(server.settings, client.id) is not None:
        return invalid_client()
    return client


async def find_proven_client(
    server: AuthorizationServer, request: Request, parameters: Parameters
) -> Client | OAuthFault:
    """The client that a request proves, for endpoints that ask nothing else of the same transaction."""
    given = await read_credentials(server, request, parameters)
    if isinstance(given, OAuthFault):
        return given
    async with transaction(server.engine) as connection:
        return await authenticate_client(server, connection, given)


async def _proves(connection: Connection, client: Client, given: ClientCredentials) -> bool:
    method = client.token_endpoint_auth_method
    if method == PRIVATE_KEY_JWT:
        proven = given.proven
        if proven is None or proven.client_id != client.id:
            return False
        return await use_assertion(connection, client.id, hash_of(proven.jti), proven.remembered_until)
    if given.assertion is not None:
        return False
    if method == PUBLIC:
        return not given.secret
    if method not in SECRET_METHODS or client.secret_hash is None or given.secret is None:
        return False
    return hmac.compare_digest(hash_of(given.secret), client.secret_hash)
