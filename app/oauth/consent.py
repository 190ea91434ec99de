"""The consent page: never skipped, only filled in beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import Connection, new_id, transaction
from app.errors import Invalid
from app.households.membership import Membership
from app.households.repository import memberships_of
from app.oauth.auditing import entry_of
from app.oauth.choices import DEFAULT_DURATION, Choices, asked_level, levels_at, read_choices
from app.oauth.client_ids import host_of, is_document_id
from app.oauth.codes import issue_code
from app.oauth.faults import OAuthFault, not_registered
from app.oauth.journey import (
    PostedForm,
    fault_page,
    form_subject,
    open_request,
    out_of_date,
    posted_form,
    see_other,
)
from app.oauth.redirects import is_on_device, is_registered, response_uri, shown_host
from app.oauth.resources import resource_of
from app.oauth.server import AuthorizationServer
from app.oauth.signing_in import SIGN_OUT
from app.oauth.store.clients import Client, find_client, find_document, note_use
from app.oauth.store.grants import NewGrant, insert_grant
from app.oauth.store.requests import AuthorizationRequest, lock_request, use_request
from app.ops.requests import address_of
from app.people.person import Person
from app.people.sessions import find_person, find_person_for_change, session_hash
from app.resources import MAIN, Resource
from app.scopes import in_order
from app.ui.headers import BARE_PAGE, NO_REFERRER

CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked what: all that the page shows."""

    waiting: AuthorizationRequest
    client: Client
    person: Person
    memberships: Sequence[Membership]
    cookie: str


async def show_consent(server: AuthorizationServer, request: Request) -> Response:
    """GET /oauth/consent."""
    async with transaction(server.engine) as connection:
        opened = await open_request(server, connection, request)
        if opened is None:
            return out_of_date(server)
        waiting, cookie = opened
        person = await find_person(connection, cookie, server.clock())
        if person is None:
            return see_other(server, f"/oauth/sign-in?request={waiting.id}")
    if is_document_id(waiting.client_id):
        # Only here, and outside of any transaction: fetching takes its time.
        described = await server.documents.find(waiting.client_id, address_of(request))
        if isinstance(described, OAuthFault):
            return fault_page(server, described)
    async with transaction(server.engine) as connection:
        question = await _question(server, connection, waiting, person, cookie)
    if isinstance(question, OAuthFault):
        return fault_page(server, question)
    return out_of_date(server) if question is None else _page(server, question)


async def post_consent(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/consent: the answer travels to the client by the page that this returns. It counts once."""
    cookie = server.cookie.read(request)
    async with transaction(server.engine) as connection:
        person = await find_person(connection, cookie, server.clock()) if cookie else None
    if person is None:
        return out_of_date(server)
    form = await posted_form(server, request, CONSENT, person)
    if form is None:
        return out_of_date(server)
    async with transaction(server.engine) as connection:
        still_signed_in = await find_person_for_change(connection, form.cookie, server.clock()) == person
        waiting = await lock_request(connection, form.request_id, session_hash(form.cookie), server.clock())
        question = await _question(server, connection, waiting, person, form.cookie) if waiting else None
        if question is None or not still_signed_in:
            return out_of_date(server)
        if isinstance(question, OAuthFault):
            return fault_page(server, question)
        return await _answer(server, request, connection, question, form)


async def _question(
    server: AuthorizationServer, connection: Connection, waiting: AuthorizationRequest, person: Person, cookie: str
) -> Question | OAuthFault | None:
    client = await _current_client(server, connection, waiting.client_id)
    memberships = await memberships_of(connection, person.id)
    if client is None or not memberships:
        return None
    # A document was not known when the request came, and may have changed since.
    if not is_registered(waiting.redirect_uri, client.redirect_uris):
        return not_registered()
    return Question(waiting, client, person, memberships, cookie)


async def _current_client(server: AuthorizationServer, connection: Connection, client_id: str) -> Client | None:
    """The client as it is stored; one with a document only while that document serves."""
    if not is_document_id(client_id):
        return await find_client(connection, client_id)
    document = await find_document(connection, client_id)
    return document.client if document is not None and server.clock() < document.stale_until else None


async def _answer(
    server: AuthorizationServer, request: Request, connection: Connection, question: Question, form: PostedForm
) -> Response:
    waiting = question.waiting
    known: dict[str, Any] = {"person_id": question.person.id, "client_id": question.client.id}
    try:
        decision = form.fields.one("decision")
        if decision not in ("approve", "deny"):
            raise Invalid("Choose to approve or to deny.", field="decision")
        resource = _resource(server, waiting)
        choices = read_choices(form.fields, resource, waiting.scopes, question.memberships)
    except Invalid as error:
        return _page(server, question, error)
    await use_request(connection, waiting.id, server.clock())
    if decision == "deny":
        answer = {"error": "access_denied", "error_description": "The person said no.", "state": waiting.state}
        known |= {"outcome": "denied"}
    else:
        grant = await _approve(server, connection, question, choices)
        code = await issue_code(connection, grant.id, waiting.redirect_uri, waiting.code_challenge, server.clock())
        answer = {"code": code, "state": waiting.state}
        known |= {"outcome": "approved", "grant_id": grant.id, "detail": in_order(grant.scopes)}
    await record(connection, entry_of(server, request, Action.CONSENT, **known))
    return _code_page(server, question, answer)


async def _approve(
    server: AuthorizationServer, connection: Connection, question: Question, choices: Choices
) -> NewGrant:
    """Store the grant. Each approval is a new grant: one client id may be on many devices."""
    now = server.clock()
    client, waiting = question.client, question.waiting
    grant = NewGrant(
        id=new_id(),
        person_id=question.person.id,
        client_id=client.id,
        client={
            "name": client.name,
            "kind": client.kind,
            "redirect_host": shown_host(waiting.redirect_uri),
            "redirect_uri": waiting.redirect_uri,
        },
        scopes=choices.scopes,
        resource=waiting.resource,
        household_ids=choices.household_ids,
        default_household_id=choices.default_household_id,
        expires_at=None if choices.duration is None else now + choices.duration,
    )
    await insert_grant(connection, grant, now)
    await note_use(connection, client.id, now)
    return grant


def _page(server: AuthorizationServer, question: Question, error: Invalid | None = None) -> Response:
    waiting, cookie = question.waiting, question.cookie
    return server.pages.page(
        "consent.html",
        status=200 if error is None else 400,
        error=error.message if error else None,
        request_id=waiting.id,
        form_token=server.guard.token(cookie, CONSENT, form_subject(waiting.id, question.person)),
        sign_out_token=server.guard.token(cookie, SIGN_OUT, form_subject(waiting.id)),
        person=question.person,
        client=question.client,
        redirect_host=shown_host(waiting.redirect_uri),
        client_host=host_of(question.client.id) if is_document_id(question.client.id) else None,
        on_device=is_on_device(waiting.redirect_uri),
        levels=levels_at(_resource(server, waiting)),
        level=asked_level(waiting.scopes),
        duration=DEFAULT_DURATION,
        memberships=question.memberships,
    )


def _resource(server: AuthorizationServer, waiting: AuthorizationRequest) -> Resource:
    """The endpoint that was asked for; PUBLIC_URL may have changed since, and then nothing but `/mcp` is left."""
    return resource_of(server.settings, waiting.resource) or MAIN


def _code_page(server: AuthorizationServer, question: Question, answer: dict[str, str | None]) -> Response:
    """Sends the browser on without a redirect: Chrome applies `form-action` to redirects that follow a form, so
    a plain one to another host would do nothing."""
    return server.pages.page(
        "code.html",
        policy=BARE_PAGE,
        referrer=NO_REFERRER,
        client_name=question.client.name,
        target=response_uri(question.waiting.redirect_uri, answer, server.settings.issuer),
    )
