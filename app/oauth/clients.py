"""Who is asking at the endpoints that clients call themselves."""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import unquote_plus

from starlette.requests import Request

from app.db import Connection
from app.oauth.faults import OAuthFault, invalid_client, invalid_request
from app.oauth.metadata import SECRET_METHODS
from app.oauth.parameters import Parameters
from app.oauth.secrets import hash_of
from app.oauth.store.clients import Client, find_client

PUBLIC = "none"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The client id that was given, and the secret if there was one."""

    client_id: str
    secret: str | None


def credentials_of(request: Request, parameters: Parameters) -> ClientCredentials | OAuthFault:
    """Credentials from the Authorization header or the body, never from both (RFC 6749 section 2.3)."""
    headers = request.headers.getlist("authorization")
    posted_id, posted_secret = parameters.get("client_id"), parameters.get("client_secret")
    if not headers:
        return ClientCredentials(posted_id, posted_secret) if posted_id else invalid_client()
    if len(headers) > 1 or posted_secret is not None:
        return invalid_request("The client authenticated in more than one way.")
    basic = _basic(headers[0])
    if basic is None or posted_id not in (None, basic.client_id):
        return invalid_client()
    return basic


async def authenticate_client(connection: Connection, request: Request, parameters: Parameters) -> Client | OAuthFault:
    """The client that sent this request.

    A public client only names itself. One with a secret must show it, in whichever of the two ways.
    """
    given = credentials_of(request, parameters)
    if isinstance(given, OAuthFault):
        return given
    client = await find_client(connection, given.client_id)
    if client is None or not _proves(client, given.secret):
        return invalid_client()
    return client


def claimed_client_id(request: Request, parameters: Parameters) -> str:
    """The client id that a request names, proven or not; empty when there is none that can be read."""
    given = credentials_of(request, parameters)
    return "" if isinstance(given, OAuthFault) else given.client_id


def _proves(client: Client, secret: str | None) -> bool:
    if client.token_endpoint_auth_method == PUBLIC:
        return not secret
    if client.token_endpoint_auth_method not in SECRET_METHODS or client.secret_hash is None or secret is None:
        return False
    return hmac.compare_digest(hash_of(secret), client.secret_hash)


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
