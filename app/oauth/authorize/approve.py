"""The answer to the consent page: a grant and its code, or a no."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.crypto.tokens import hash_of
from app.db import Connection, new_id, transaction
from app.errors import Invalid
from app.oauth.auditing import entry_of, refused
from app.oauth.authorize.consent import Question, page_for, question_of
from app.oauth.authorize.consent_choices import Choices, read_choices
from app.oauth.authorize.error_page import fault_page
from app.oauth.authorize.pending_requests import CONSENT, REQUEST, PendingRequests, request_of
from app.oauth.authorize.repository import lock_request, use_request
from app.oauth.clients.redirects import response_uri, shown_host
from app.oauth.clients.repository import hold_client, note_use
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.create import has_room
from app.oauth.grants.repository import NewGrant, insert_grant
from app.oauth.tokens.codes import issue_code
from app.people.session_repository import find_person_for_change
from app.scopes import format_scope
from app.ui.page_kit import SubmittedForm


async def post_consent(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/consent: the answer travels to the client by the page that this returns. It counts once."""
    form = await server.kit.submitted_form(request, CONSENT, REQUEST)
    person = form.session.person if form else None
    if form is None or person is None:
        return PendingRequests(server.kit).out_of_date()
    cookie = form.session.cookie
    async with transaction(server.engine) as connection:
        still_signed_in = await find_person_for_change(connection, cookie, server.clock()) == person
        waiting = await lock_request(connection, request_of(form), hash_of(cookie), server.clock())
        if waiting is not None:
            await hold_client(connection, waiting.client_id)
        question = await question_of(server, connection, waiting, person, cookie) if waiting else None
        if question is None or not still_signed_in:
            return PendingRequests(server.kit).out_of_date()
        if isinstance(question, OAuthFault):
            return fault_page(server, question)
        return await _answer(server, request, connection, question, form)


async def _answer(
    server: OAuthContext, request: Request, connection: Connection, question: Question, form: SubmittedForm
) -> Response:
    waiting = question.waiting
    known: dict[str, Any] = {"person_id": question.person.id, "client_id": question.client.id}
    try:
        decision = form.fields.one("decision")
        if decision not in ("approve", "deny"):
            raise Invalid("Choose to approve or to deny.", field="decision")
        if decision == "approve" and not await has_room(connection, question.person.id, server.clock()):
            raise Invalid(f"{MOST_CONNECTIONS} connections are the limit. Disconnect some on your account page first.")
        choices = read_choices(form.fields, question.offer, question.memberships)
    except Invalid as error:
        refused(server, request, Action.CONSENT, error.code, **known)
        return page_for(server, question, error)
    await use_request(connection, waiting.id, server.clock())
    if decision == "deny":
        answer = {"error": "access_denied", "error_description": "The person said no.", "state": waiting.state}
        known |= {"outcome": "denied"}
    else:
        grant = await _approve(server, connection, question, choices)
        code = await issue_code(connection, grant.id, waiting.redirect_uri, waiting.code_challenge, server.clock())
        answer = {"code": code, "state": waiting.state}
        known |= {"outcome": "approved", "grant_id": grant.id, "detail": format_scope(grant.scopes)}
    await record(connection, entry_of(server, request, Action.CONSENT, **known))
    return _code_page(server, question, answer)


async def _approve(server: OAuthContext, connection: Connection, question: Question, choices: Choices) -> NewGrant:
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
            "auth_method": client.token_endpoint_auth_method,
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


def _code_page(server: OAuthContext, question: Question, answer: dict[str, str | None]) -> Response:
    target = response_uri(question.waiting.redirect_uri, answer, server.settings.issuer)
    return server.kit.redirect_page("Back to the app", f"Back to {question.client.name}", target)
