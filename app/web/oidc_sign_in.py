"""Signing in at an OpenID provider: there with a fresh `state`, back with a code, and on to the destination."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.crypto.tokens import STATE_PREFIX, hash_of, new_secret
from app.db import new_id, transaction
from app.errors import AppError, Invalid
from app.oauth.external.people import find_or_create_person
from app.oauth.oidc_login.repository import Destination, insert_attempt, use_attempt
from app.people.identities import Identity
from app.ui.forms import parse_fields
from app.ui.languages import gettext as _
from app.web.context import WebContext
from app.web.destinations import Destinations

UPSTREAM: Final = "upstream"
"""What the audit log calls a sign-in at the provider."""

LONGEST_PARAMETER: Final = 8192


async def post_oidc_sign_in(web: WebContext, to: Destinations, request: Request) -> Response:
    """POST /account/upstream and /oauth/upstream: send the browser to the provider.

    Raises `LimitReached`, and `Unavailable` when the provider does not answer.
    """
    form = await web.kit.submitted_form(request, f"{to.base}/upstream", to.bound_field)
    provider = web.oidc_provider
    if form is None or provider is None:
        return to.out_of_date()
    destination, cookie = to.parse(form.fields.one(to.field)), form.session.cookie
    with _refusals_recorded(web, request):
        await web.count_attempt(request)
        state = new_secret(STATE_PREFIX)
        target = await provider.authorization_url(state)
    async with transaction(web.kit.engine) as connection:
        if await to.app_name(connection, cookie, destination) is None:
            return to.out_of_date()
        leads_to = Destination(to.request_id(destination), destination)
        await insert_attempt(connection, hash_of(state), hash_of(cookie), leads_to, provider.issuer, web.kit.clock())
    return web.kit.redirect_page(
        _("Sign in with %(provider)s", provider=provider.name),
        _("Taking you to %(provider)s", provider=provider.name),
        target,
    )


async def finish_oidc_sign_in(web: WebContext, request: Request) -> Response:
    """GET /oauth/upstream/callback: sign in the person that the provider vouches for.

    The `state` can be used once, in the browser that left with it (RFC 9700 section 4.7). Raises `Unavailable`.
    """
    cookie = web.kit.cookie.read(request)
    parameters = _parameters(request)
    if web.oidc_provider is None or cookie is None or "state" not in parameters:
        return web.client_requests.out_of_date()
    state, issuer = parameters["state"], web.oidc_provider.issuer
    async with transaction(web.kit.engine) as connection:
        attempt = await use_attempt(connection, hash_of(state), hash_of(cookie), issuer, web.kit.clock())
    if attempt is None:
        return web.client_requests.out_of_date()
    to = web.account_pages if attempt.request_id is None else web.client_requests
    destination = attempt.path if attempt.request_id is None else str(attempt.request_id)
    with _refusals_recorded(web, request):
        identity = await web.oidc_provider.identify(state, parameters)
    if identity is None:
        web.record_refusal(request, Action.SIGN_IN, "not_identified", detail=UPSTREAM)
        again = f"{to.base}/sign-in?{urlencode({to.field: destination})}"
        return web.kit.pages.page("oidc_error.html", status=400, provider=web.oidc_provider.name, again=again)
    return await _sign_in(web, to, request, identity, cookie, destination)


async def _sign_in(
    web: WebContext, to: Destinations, request: Request, identity: Identity, cookie: str, destination: str
) -> Response:
    household_id = new_id()
    async with transaction(web.kit.engine, household_id=household_id) as connection:
        person = await find_or_create_person(connection, identity, household_id, web.kit.clock())
        response = await to.enter(connection, cookie, destination, person)
        if response is not None:
            entry = web.audit_entry(request, Action.SIGN_IN, person_id=person.id, detail=UPSTREAM)
            await record(connection, entry)
        return response or to.out_of_date()


@contextmanager
def _refusals_recorded(web: WebContext, request: Request) -> Generator[None]:
    try:
        yield
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, detail=UPSTREAM)
        raise


def _parameters(request: Request) -> Mapping[str, str]:
    """Return the parameters that the provider sent through the browser; none at all if one is malformed or repeated."""
    try:
        fields = parse_fields(request.scope["query_string"])
        sent = {name: [value for value in fields.all(name) if value] for name in fields.names()}
    except Invalid:
        return {}
    if any(len(values) > 1 or len("".join(values)) > LONGEST_PARAMETER for values in sent.values()):
        return {}
    return {name: values[0] for name, values in sent.items() if values}
