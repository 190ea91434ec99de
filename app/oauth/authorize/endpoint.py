"""The authorization endpoint: a client's request is checked once and kept on our side (RFC 6749 section 4.1.1)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.audit.models import Action
from app.crypto.tokens import hash_of, new_secret
from app.db import Connection, new_id, transaction
from app.errors import Invalid, LimitReached
from app.limits.defaults import AUTHORIZATIONS
from app.oauth.auditing import refused
from app.oauth.authorize.error_page import fault_page
from app.oauth.authorize.repository import AuthorizationRequest, close_oldest_requests, insert_request
from app.oauth.clients.ids import client_id_error, is_document_id
from app.oauth.clients.redirects import is_registered, redirect_uri_error, response_uri
from app.oauth.clients.repository import find_client
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault, invalid_request, invalid_target, not_registered
from app.oauth.grants.repository import approved_redirects
from app.oauth.parameters import Parameters, parameters_of, resource_of
from app.oauth.tokens.pkce import is_s256_challenge
from app.people.session_repository import find_person
from app.runtime.requests import client_address
from app.ui.forms import parse_fields
from app.ui.pages import NO_REFERRER

REQUEST_LIFE: Final = timedelta(minutes=10)
MOST_OPEN: Final = 20
"""Requests that wait in one browser, in as many tabs; with one more, the oldest is closed."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The client that a request names, and where its answer goes.

    Of a client with a document both are only what the request says: the document is fetched after the sign-in.
    """

    client_id: str
    is_trusted: bool
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """What is worth remembering of a valid request."""

    scopes: tuple[str, ...]
    resource: str
    code_challenge: str


async def authorize(server: OAuthContext, request: Request) -> Response:
    """GET /oauth/authorize: on to signing in, or straight to consent when someone is signed in.

    Raises `LimitReached` for an address with too many requests: each one leaves a row.
    """
    try:
        await server.limiter.check(AUTHORIZATIONS, client_address(request))
    except LimitReached:
        refused(server, request, Action.CONSENT, LimitReached.code)
        raise
    try:
        parameters = parameters_of(parse_fields(request.scope["query_string"]))
    except Invalid as error:
        parameters = invalid_request(error.message)
    if isinstance(parameters, OAuthFault):
        return fault_page(server, parameters)
    async with transaction(server.engine) as connection:
        sender = await _sender(server, connection, parameters)
        if isinstance(sender, OAuthFault):
            return fault_page(server, sender)
        cookie = server.kit.cookie.read(request)
        checked = check_request(server, parameters)
        if isinstance(checked, OAuthFault):
            if await _may_redirect(server, connection, sender, cookie):
                return _fault_redirect(server, sender.redirect_uri, parameters, checked)
            return fault_page(server, checked)
        return await _keep(server, connection, sender, parameters, checked, cookie)


def check_request(server: OAuthContext, parameters: Parameters) -> CheckedRequest | OAuthFault:
    """The parts of a request that don't decide where its answer goes. PKCE with S256 is required (OAuth 2.1 section
    4.1.1); unknown scopes are dropped."""
    if parameters.get("response_type") != "code":
        return OAuthFault("unsupported_response_type", "response_type must be code.")
    if parameters.get("response_mode", "query") != "query":
        return invalid_request("response_mode must be query.")
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not is_s256_challenge(challenge):
        return invalid_request("PKCE is required: a code_challenge made with code_challenge_method S256.")
    resource = resource_of(server.settings, parameters.get("resource"))
    if resource is None:
        return invalid_target()
    asked = parameters["scope"].split() if "scope" in parameters else resource.default_scopes
    scopes = tuple(scope for scope in resource.scopes if scope in asked)
    if not scopes:
        return OAuthFault("invalid_scope", f"None of the scopes exists here. There are: {' '.join(resource.scopes)}.")
    return CheckedRequest(scopes, resource.identifier(server.settings.public_url), challenge)


async def _sender(server: OAuthContext, connection: Connection, parameters: Parameters) -> Sender | OAuthFault:
    """Who asks, and where the answer goes: the URI sent, if it is a registered one; the registered one, if there is
    only one."""
    client_id, sent = parameters.get("client_id", ""), parameters.get("redirect_uri")
    if is_document_id(client_id):
        return _sender_with_document(server, client_id, sent)
    client = await find_client(connection, client_id)
    if client is None:
        return not_registered()
    if sent is None and len(client.redirect_uris) == 1:
        sent = client.redirect_uris[0]
    if sent is None or not _is_acceptable(server, sent) or not is_registered(sent, client.redirect_uris):
        return not_registered()
    return Sender(client.id, client.kind == "preregistered", sent)


def _sender_with_document(server: OAuthContext, client_id: str, redirect_uri: str | None) -> Sender | OAuthFault:
    fault = client_id_error(server.settings, client_id)
    if fault is not None:
        return invalid_request(f"The client_id is refused. {fault}")
    if redirect_uri is None or not _is_acceptable(server, redirect_uri):
        return not_registered()
    return Sender(client_id, False, redirect_uri)


def _is_acceptable(server: OAuthContext, redirect_uri: str) -> bool:
    return redirect_uri_error(redirect_uri, server.settings.oauth_redirect_schemes) is None


async def _may_redirect(server: OAuthContext, connection: Connection, sender: Sender, cookie: str | None) -> bool:
    """Whether an error may travel to the client before anybody consented: to one that was registered by command, and
    to where this very person let a code of this client go before.

    Anyone can register a client for any address, so by default it may not: a link to us would lead anywhere.
    """
    if sender.is_trusted:
        return True
    now = server.clock()
    person = await find_person(connection, cookie, now) if cookie else None
    if person is None:
        return False
    return is_registered(sender.redirect_uri, await approved_redirects(connection, person.id, sender.client_id, now))


async def _keep(
    server: OAuthContext,
    connection: Connection,
    sender: Sender,
    parameters: Parameters,
    checked: CheckedRequest,
    cookie: str | None,
) -> Response:
    now = server.clock()
    browser = cookie or new_secret()
    kept = AuthorizationRequest(
        id=new_id(),
        browser_hash=hash_of(browser),
        client_id=sender.client_id,
        redirect_uri=sender.redirect_uri,
        state=parameters.get("state"),
        scopes=checked.scopes,
        resource=checked.resource,
        code_challenge=checked.code_challenge,
        expires_at=now + REQUEST_LIFE,
    )
    await insert_request(connection, kept, now)
    await close_oldest_requests(connection, kept.browser_hash, MOST_OPEN, now)
    signed_in = await find_person(connection, browser, now) is not None
    step = "consent" if signed_in else "sign-in"
    response = RedirectResponse(server.kit.url(f"/oauth/{step}?request={kept.id}"), 303)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = NO_REFERRER
    if cookie is None:
        server.kit.cookie.write(response, browser)
    return response


def _fault_redirect(server: OAuthContext, redirect_uri: str, parameters: Parameters, fault: OAuthFault) -> Response:
    answer = {"error": fault.error, "error_description": fault.description, "state": parameters.get("state")}
    response = RedirectResponse(response_uri(redirect_uri, answer, server.settings.issuer), 303)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = NO_REFERRER
    return response
