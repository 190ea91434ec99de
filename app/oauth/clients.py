"""Who is asking at the endpoints that clients call themselves."""

import base64
import hmac
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from starlette.requests import Request

from app.db import Connection, transaction
from app.oauth.assertions import ASSERTION_TYPE, Assertion, claimed_client, claimed_key, verify_assertion
from app.oauth.client_ids import fault_of_client_id, is_document_id
from app.oauth.faults import OAuthFault, invalid_client, invalid_request
from app.oauth.metadata import PRIVATE_KEY_JWT, PUBLIC, SECRET_METHODS
from app.oauth.parameters import Parameters
from app.oauth.secrets import hash_of
from app.oauth.server import AuthorizationServer
from app.oauth.store.assertions import use_assertion
from app.oauth.store.clients import Client, find_client


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The client id that was given, and what came with it: nothing, a secret, or an assertion.

    `proven` is the assertion once signature and claims are checked.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    assertion: str | None = field(default=None, repr=False)
    proven: Assertion | None = None


def credentials_of(request: Request, parameters: Parameters) -> ClientCredentials | OAuthFault:
    """Credentials from the Authorization header or the body, never in two ways (RFC 6749 section 2.3)."""
    headers = request.headers.getlist("authorization")
    posted_id, posted_secret = parameters.get("client_id"), parameters.get("client_secret")
    signed = "client_assertion" in parameters or "client_assertion_type" in parameters
    if len(headers) + (posted_secret is not None) + signed > 1:
        return invalid_request("The client authenticated in more than one way.")
    if signed:
        return _signed(parameters)
    if not headers:
        return ClientCredentials(posted_id, posted_secret) if posted_id else invalid_client()
    basic = _basic(headers[0])
    if basic is None or posted_id not in (None, basic.client_id):
        return invalid_client()
    return basic


async def read_credentials(
    server: AuthorizationServer, request: Request, parameters: Parameters
) -> ClientCredentials | OAuthFault:
    """The credentials in a request, an assertion among them checked but not used up.

    Its keys may have to be fetched, so call it outside a transaction. Raises `Unavailable` when they can't be.
    """
    given = credentials_of(request, parameters)
    if isinstance(given, OAuthFault) or given.assertion is None:
        return given
    async with transaction(server.engine) as connection:
        client = await find_client(connection, given.client_id)
    if client is None or client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        return invalid_client()
    keys = await server.key_sets.keys_of(client, claimed_key(given.assertion))
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


def _signed(parameters: Parameters) -> ClientCredentials | OAuthFault:
    """An assertion; a `client_id` beside it is not needed, and must be the same (RFC 7521 section 4.2)."""
    assertion = parameters.get("client_assertion")
    if assertion is None or parameters.get("client_assertion_type") != ASSERTION_TYPE:
        return invalid_request(f"client_assertion goes with client_assertion_type {ASSERTION_TYPE}.")
    claimed = claimed_client(assertion)
    if claimed is None or not (claimed.isascii() and claimed.isprintable()):
        return invalid_client()
    if parameters.get("client_id", claimed) != claimed:
        return invalid_client()
    return ClientCredentials(claimed, assertion=assertion)


def _basic(header: str) -> ClientCredentials | None:
    """Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
        client_id, secret = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:  # not base64, not ASCII, or not UTF-8 inside
        return None
    if not colon or not client_id or "\0" in client_id:
        return None
    return ClientCredentials(client_id, secret or None)
