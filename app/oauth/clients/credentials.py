"""What a client sends to prove who it is: nothing, a secret, or an assertion. Read here, and checked elsewhere."""

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from starlette.requests import Request

from app.oauth.clients.assertions import ASSERTION_TYPE, Assertion, claimed_client
from app.oauth.faults import OAuthFault, invalid_client, invalid_request
from app.oauth.parameters import Parameters


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


def claimed_client_id(request: Request, parameters: Parameters) -> str:
    """The client id that a request names, proven or not; empty when there is none that can be read."""
    given = credentials_of(request, parameters)
    return "" if isinstance(given, OAuthFault) else given.client_id


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
