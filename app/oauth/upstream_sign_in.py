"""Signing in at another provider: out with a fresh `state`, back with a code, on to consent."""

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import new_id, transaction
from app.errors import Invalid
from app.oauth.auditing import entry_of, refused
from app.oauth.faults import OAuthFault
from app.oauth.journey import PostedForm, change_person, out_of_date, posted_form
from app.oauth.parameters import Parameters, parameters_of
from app.oauth.secrets import STATE_PREFIX, hash_of, new_secret
from app.oauth.server import AuthorizationServer
from app.oauth.signing_in import UPSTREAM, count_attempt
from app.oauth.store.requests import find_request
from app.oauth.store.upstream import insert_attempt, use_attempt
from app.oauth.upstream import Upstream
from app.people.identities import Identity, find_or_admit
from app.people.sessions import session_hash
from app.ui.forms import Fields, parse_fields
from app.ui.headers import BARE_PAGE, NO_REFERRER


async def post_upstream(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/upstream: a page that sends the browser on, because `form-action` would stop a redirect.

    Raises `LimitReached`, and `Unavailable` when the provider does not answer.
    """
    form = await posted_form(server, request, UPSTREAM)
    if form is None or server.upstream is None:
        return out_of_date(server)
    await count_attempt(server, request)
    state = new_secret(STATE_PREFIX)
    target = await server.upstream.address(state)
    now = server.clock()
    async with transaction(server.engine) as connection:
        waiting = await find_request(connection, form.request_id, session_hash(form.cookie), now)
        if waiting is None:
            return out_of_date(server)
        await insert_attempt(connection, hash_of(state), waiting.id, server.upstream.issuer, now)
    return server.pages.page(
        "leave.html", policy=BARE_PAGE, referrer=NO_REFERRER, upstream_name=server.upstream.name, target=target
    )


async def finish_upstream(server: AuthorizationServer, request: Request) -> Response:
    """GET /oauth/upstream/callback: signs in whom the provider names, and goes on with the waiting request.

    The `state` is good once, in the browser that left with it (RFC 9700 section 4.7). Raises `Unavailable`.
    """
    cookie = server.cookie.read(request)
    parameters = _parameters(request)
    if server.upstream is None or cookie is None or "state" not in parameters:
        return out_of_date(server)
    state = parameters["state"]
    async with transaction(server.engine) as connection:
        request_id = await use_attempt(
            connection, hash_of(state), session_hash(cookie), server.upstream.issuer, server.clock()
        )
    if request_id is None:
        return out_of_date(server)
    identity = await _identity(server.upstream, state, parameters)
    if identity is None:
        refused(server, request, Action.SIGN_IN, "not_identified", detail=UPSTREAM)
        name = server.upstream.name
        return server.pages.page("upstream_fault.html", status=400, upstream_name=name, request_id=request_id)
    household_id = new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        person = await find_or_admit(connection, identity, household_id, server.found_household, server.clock())
        form = PostedForm(Fields(()), cookie, request_id)
        response = await change_person(server, connection, form, person)
        if response is not None:
            await record(connection, entry_of(server, request, Action.SIGN_IN, person_id=person.id, detail=UPSTREAM))
        return response or out_of_date(server)


async def _identity(upstream: Upstream, state: str, parameters: Parameters) -> Identity | None:
    if not await upstream.may_have_sent(parameters.get("iss")) or "code" not in parameters:
        return None
    return await upstream.identify(state, parameters["code"])


def _parameters(request: Request) -> Parameters:
    """What the provider sent by way of the browser; nothing of it when it is broken."""
    try:
        parameters = parameters_of(parse_fields(request.scope["query_string"]))
    except Invalid:
        return {}
    return {} if isinstance(parameters, OAuthFault) else parameters
