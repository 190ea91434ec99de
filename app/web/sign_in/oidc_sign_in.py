"""Signing in at another provider: out with a fresh `state`, back with a code, on to consent or to the account."""

from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.crypto.tokens import STATE_PREFIX, hash_of, new_secret
from app.db import new_id, transaction
from app.errors import AppError, Invalid
from app.oauth.auditing import entry_of, refused
from app.oauth.authorize.pending_request import REQUEST, continue_as, out_of_date, request_of
from app.oauth.authorize.repository import find_request
from app.oauth.context import OAuthContext
from app.oauth.external.people import find_or_create_person
from app.oauth.faults import OAuthFault
from app.oauth.oidc_login.provider import OidcProvider
from app.oauth.oidc_login.repository import Destination, insert_attempt, insert_attempt_for_path, use_attempt
from app.oauth.parameters import Parameters, parameters_of
from app.people.identities import Identity
from app.ui.forms import local_path, parse_fields
from app.web.account import urls
from app.web.password_proof import count_attempt
from app.web.sign_in.pages import UPSTREAM


async def post_upstream(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/upstream, on behalf of a waiting request. Raises `LimitReached`, and `Unavailable` when the provider
    does not answer."""
    form = await server.kit.submitted_form(request, UPSTREAM, REQUEST)
    if form is None or server.oidc_provider is None:
        return out_of_date(server)
    state, target = await _begin(server, request, server.oidc_provider)
    now = server.clock()
    async with transaction(server.engine) as connection:
        waiting = await find_request(connection, request_of(form), hash_of(form.session.cookie), now)
        if waiting is None:
            return out_of_date(server)
        await insert_attempt(connection, hash_of(state), waiting.id, server.oidc_provider.issuer, now)
    return _leave(server, server.oidc_provider, target)


async def post_account_upstream(server: OAuthContext, request: Request) -> Response:
    """POST /account/upstream, to go to `next` afterwards, a path of ours. Raises as `post_upstream` does."""
    form = await server.kit.submitted_form(request, urls.TO_SIGN_IN_UPSTREAM)
    if form is None or server.oidc_provider is None:
        return urls.out_of_date(server)
    path = local_path(form.fields.one("next"), urls.ACCOUNT)
    state, target = await _begin(server, request, server.oidc_provider)
    browser, issuer = hash_of(form.session.cookie), server.oidc_provider.issuer
    async with transaction(server.engine) as connection:
        await insert_attempt_for_path(connection, hash_of(state), browser, path, issuer, server.clock())
    return _leave(server, server.oidc_provider, target)


async def finish_upstream(server: OAuthContext, request: Request) -> Response:
    """GET /oauth/upstream/callback: signs in whom the provider names, and goes on where the attempt came from.

    The `state` is good once, in the browser that left with it (RFC 9700 section 4.7). Raises `Unavailable`.
    """
    cookie = server.kit.cookie.read(request)
    parameters = _parameters(request)
    if server.oidc_provider is None or cookie is None or "state" not in parameters:
        return out_of_date(server)
    state, issuer = parameters["state"], server.oidc_provider.issuer
    async with transaction(server.engine) as connection:
        to = await use_attempt(connection, hash_of(state), hash_of(cookie), issuer, server.clock())
    if to is None:
        return out_of_date(server)
    with _recorded(server, request):
        identity = await server.oidc_provider.identify(state, parameters)
    if identity is None:
        refused(server, request, Action.SIGN_IN, "not_identified", detail=UPSTREAM)
        again = f"/oauth/sign-in?request={to.request_id}"
        if to.request_id is None:
            again = f"{urls.SIGN_IN}?{urlencode({'next': to.path})}"
        name = server.oidc_provider.name
        return server.kit.pages.page("upstream_fault.html", status=400, upstream_name=name, again=again)
    return await _sign_in(server, request, identity, cookie, to)


async def _sign_in(
    server: OAuthContext, request: Request, identity: Identity, cookie: str, to: Destination
) -> Response:
    """In one transaction with the account of who comes for the first time."""
    household_id = new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        person = await find_or_create_person(connection, identity, household_id, server.clock())
        if to.request_id is None:
            response = await urls.enter(server, connection, cookie, person, to.path)
        else:
            response = await continue_as(server, connection, cookie, to.request_id, person)
        if response is not None:
            await record(connection, entry_of(server, request, Action.SIGN_IN, person_id=person.id, detail=UPSTREAM))
        return response or out_of_date(server)


@contextmanager
def _recorded(server: OAuthContext, request: Request) -> Generator[None]:
    """What the block refuses leaves its row."""
    try:
        yield
    except AppError as error:
        refused(server, request, Action.SIGN_IN, error.code, detail=UPSTREAM)
        raise


async def _begin(server: OAuthContext, request: Request, upstream: OidcProvider) -> tuple[str, str]:
    """The `state` of a new attempt, and where a browser goes with it. Raises `LimitReached`, `Unavailable`."""
    with _recorded(server, request):
        await count_attempt(server, request)
        state = new_secret(STATE_PREFIX)
        return state, await upstream.address(state)


def _leave(server: OAuthContext, upstream: OidcProvider, target: str) -> Response:
    return server.kit.redirect_page(f"Sign in with {upstream.name}", f"On to {upstream.name}", target)


def _parameters(request: Request) -> Parameters:
    """What the provider sent by way of the browser; nothing of it when it is broken."""
    try:
        parameters = parameters_of(parse_fields(request.scope["query_string"]))
    except Invalid:
        return {}
    return {} if isinstance(parameters, OAuthFault) else parameters
