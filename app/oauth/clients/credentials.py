"""The credentials that a client sends: nothing but its id, a secret, or an assertion. `authentication` checks them."""

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from starlette.requests import Request

from app.oauth.clients.assertions import ASSERTION_TYPE, Assertion, claimed_client
from app.oauth.errors import OAuthError, invalid_client, invalid_request
from app.oauth.parameters import Parameters


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A client id with a secret, an assertion, or neither. `verified` is the assertion once it has been checked."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    assertion: str | None = field(default=None, repr=False)
    verified: Assertion | None = None


def credentials_of(request: Request, parameters: Parameters) -> ClientCredentials:
    """Return the credentials in the Authorization header or the body. Raises `OAuthError`, also for credentials in two
    ways at once (RFC 6749 section 2.3)."""
    headers = request.headers.getlist("authorization")
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    has_assertion = "client_assertion" in parameters or "client_assertion_type" in parameters
    if len(headers) + (secret is not None) + has_assertion > 1:
        raise invalid_request("The client authenticated in more than one way.")
    if has_assertion:
        return _read_assertion(parameters)
    if not headers:
        if not client_id:
            raise invalid_client()
        return ClientCredentials(client_id, secret)
    basic = _read_basic(headers[0])
    if basic is None or client_id not in (None, basic.client_id):
        raise invalid_client()
    return basic


def claimed_client_id(request: Request, parameters: Parameters) -> str:
    """Return the client id that a request names, authenticated or not; empty when there is none that can be read."""
    try:
        return credentials_of(request, parameters).client_id
    except OAuthError:
        return ""


def _read_assertion(parameters: Parameters) -> ClientCredentials:
    """A `client_id` beside the assertion is not needed, and must be the same (RFC 7521 section 4.2)."""
    assertion = parameters.get("client_assertion")
    if assertion is None or parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_request(f"client_assertion goes with client_assertion_type {ASSERTION_TYPE}.")
    client_id = claimed_client(assertion)
    if client_id is None or not (client_id.isascii() and client_id.isprintable()):
        raise invalid_client()
    if parameters.get("client_id", client_id) != client_id:
        raise invalid_client()
    return ClientCredentials(client_id, assertion=assertion)


def _read_basic(header: str) -> ClientCredentials | None:
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
