"""The authorization endpoint (RFC 6749 section 4.1.1): validates a request once and stores it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.audit.models import Action
from app.crypto.tokens import hash_of, new_secret
from app.db import Connection, new_id, transaction
from app.errors import LimitReached
from app.limits.defaults import AUTHORIZATIONS
from app.oauth.authorize.pending_requests import CONSENT, SIGN_IN
from app.oauth.authorize.repository import AuthorizationRequest, close_oldest_requests, insert_request
from app.oauth.clients.models import ClientKind
from app.oauth.clients.policy import ClientPolicy, is_document_id
from app.oauth.clients.redirects import custom_scheme, is_registered, response_uri
from app.oauth.clients.repository import find_client
from app.oauth.context import OAuthContext
from app.oauth.errors import NotRegistered, OAuthError, SchemeRefused, invalid_request, invalid_scope, invalid_target
from app.oauth.grants.repository import approved_redirects
from app.oauth.parameters import Parameters, find_resource, query_parameters
from app.oauth.tokens.codes import is_s256_challenge
from app.people.session_repository import find_person
from app.runtime.addresses import client_address
from app.scopes import ALL_SCOPES
from app.ui.page_kit import PageKit
from app.ui.pages import NO_REFERRER

REQUEST_LIFE: Final = timedelta(minutes=10)
MOST_OPEN: Final = 20
"""Pending requests of one browser, such as one in each tab; one more closes the oldest."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The client that a request names, and the redirect URI for the response.

    For a client with a metadata document, neither is verified yet: the document is fetched after the sign-in.
    """

    client_id: str
    is_trusted: bool
    redirect_uri: str


class AuthorizationEndpoint:
    """GET /oauth/authorize."""

    def __init__(self, context: OAuthContext, kit: PageKit) -> None:
        self._context = context
        self._kit = kit

    async def __call__(self, request: Request) -> Response:
        """Store the request and redirect to the sign-in page, or to the consent page for a person who is signed in.

        Raises `OAuthError` unless the error may be sent to the client, and `LimitReached` for an address with too many
        requests: each one is stored.
        """
        context = self._context
        try:
            await context.limiter.check(AUTHORIZATIONS, client_address(request))
        except LimitReached:
            context.record_refusal(request, Action.CONSENT, LimitReached.code)
            raise
        parameters = query_parameters(request)
        async with transaction(context.engine) as connection:
            sender = await _find_sender(context.client_policy, connection, parameters)
            cookie, now = self._kit.cookie.read(request), context.clock()
            browser = cookie or new_secret()
            try:
                pending = _checked_request(context.public_url, parameters, sender, browser, now)
            except OAuthError as error:
                if await _may_redirect(connection, sender, cookie, now):
                    response = {"error": error.error, "error_description": error.description}
                    response |= {"state": parameters.get("state")}
                    return _redirect(response_uri(sender.redirect_uri, response, context.public_url))
                raise
            await insert_request(connection, pending, now)
            await close_oldest_requests(connection, pending.browser_hash, MOST_OPEN, now)
            is_signed_in = await find_person(connection, browser, now) is not None
        response = _redirect(self._kit.url(f"{CONSENT if is_signed_in else SIGN_IN}?request={pending.id}"))
        if cookie is None:
            self._kit.cookie.write(response, browser)
        return response


def _checked_request(
    public_url: str, parameters: Parameters, sender: Sender, browser: str, now: datetime
) -> AuthorizationRequest:
    """Return the request to store, if the parameters that don't decide where the response goes are valid too.

    PKCE with S256 is required (OAuth 2.1 section 4.1.1); unknown scopes are dropped, and request objects are refused
    (OpenID Connect Core section 6). Raises `OAuthError`.
    """
    for name in ("request", "request_uri"):
        if name in parameters:
            raise OAuthError(f"{name}_not_supported", f"Send the parameters themselves, without {name}.")
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    if parameters.get("response_mode", "query") != "query":
        raise invalid_request("response_mode must be query.")
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not is_s256_challenge(challenge):
        raise invalid_request("PKCE is required: a code_challenge made with code_challenge_method S256.")
    resource = find_resource(public_url, parameters.get("resource"))
    if resource is None:
        raise invalid_target()
    asked = set(parameters.get("scope", "").split()).intersection(ALL_SCOPES) or resource.default_scopes
    scopes = tuple(scope for scope in resource.scopes if scope in asked)
    if not scopes:
        raise invalid_scope(f"None of these scopes exists here. There are: {' '.join(resource.scopes)}.")
    return AuthorizationRequest(
        id=new_id(),
        browser_hash=hash_of(browser),
        client_id=sender.client_id,
        redirect_uri=sender.redirect_uri,
        state=parameters.get("state"),
        scopes=scopes,
        resource=resource.identifier(public_url),
        code_challenge=challenge,
        expires_at=now + REQUEST_LIFE,
    )


async def _find_sender(policy: ClientPolicy, connection: Connection, parameters: Parameters) -> Sender:
    """Return the client, and where the response goes: the URI that was sent, if it is registered; the registered one,
    if there is only one. Raises `OAuthError`."""
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri")
    if is_document_id(client_id):
        reason = policy.client_id_error(client_id)
        if reason is not None:
            raise invalid_request(f"The client_id is refused. {reason}")
        return Sender(client_id, False, _accepted(policy, redirect_uri))
    client = await find_client(connection, client_id)
    if client is None:
        raise NotRegistered
    if redirect_uri is None and len(client.redirect_uris) == 1:
        redirect_uri = client.redirect_uris[0]
    accepted = _accepted(policy, redirect_uri)
    if not is_registered(accepted, client.redirect_uris):
        raise NotRegistered
    return Sender(client.id, client.kind == ClientKind.PREREGISTERED, accepted)


def _accepted(policy: ClientPolicy, redirect_uri: str | None) -> str:
    """Return the URI that was sent, if responses may be sent there. Raises `OAuthError`."""
    if redirect_uri is None:
        raise NotRegistered
    if policy.accepts_redirect_uri(redirect_uri):
        return redirect_uri
    scheme = custom_scheme(redirect_uri)
    raise NotRegistered if scheme is None else SchemeRefused(scheme)


async def _may_redirect(connection: Connection, sender: Sender, cookie: str | None, now: datetime) -> bool:
    """Whether an error may be sent to the client before there is a consent: only to a client registered by command, or
    to a redirect URI that this person has approved for this client.

    Anyone can register a client with any URI, so otherwise this would be an open redirector.
    """
    if sender.is_trusted:
        return True
    person = await find_person(connection, cookie, now) if cookie else None
    if person is None:
        return False
    return is_registered(sender.redirect_uri, await approved_redirects(connection, person.id, sender.client_id, now))


def _redirect(url: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": NO_REFERRER}
    return RedirectResponse(url, 303, headers=headers)
