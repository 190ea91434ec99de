"""The consent page: never skipped, only filled in beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.errors import Invalid
from app.households.models import Membership
from app.households.repository import memberships_of
from app.oauth.authorize.consent_choices import DEFAULT_DURATION, Offer, offer_of
from app.oauth.authorize.error_page import fault_page
from app.oauth.authorize.pending_requests import CONSENT, REQUEST, SIGN_IN, PendingRequests
from app.oauth.authorize.repository import AuthorizationRequest
from app.oauth.clients.ids import host_of, is_document_id
from app.oauth.clients.redirects import is_on_device, is_registered, shown_host
from app.oauth.clients.repository import Client, find_client, find_document
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault, not_registered
from app.oauth.parameters import resource_of
from app.people.models import Person
from app.people.repository import find_profile
from app.resources import MAIN
from app.runtime.requests import client_address
from app.ui.page_kit import BrowserSession


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked what: all that the page shows."""

    waiting: AuthorizationRequest
    client: Client
    offer: Offer
    person: Person
    memberships: Sequence[Membership]
    cookie: str


async def show_consent(server: OAuthContext, request: Request) -> Response:
    """GET /oauth/consent."""
    pending = PendingRequests(server.kit)
    async with transaction(server.engine) as connection:
        session = await server.kit.read_session(request, connection)
        waiting = await pending.find(connection, session.cookie, request.query_params.get(REQUEST, ""))
    if waiting is None:
        return pending.out_of_date()
    person, cookie = session.person, session.cookie
    if person is None:
        return server.kit.see_other(f"{SIGN_IN}?request={waiting.id}")
    if is_document_id(waiting.client_id):
        # Only here, and outside of any transaction: fetching takes its time.
        described = await server.documents.find(waiting.client_id, person.id, client_address(request))
        if isinstance(described, OAuthFault):
            return fault_page(server, described)
    async with transaction(server.engine) as connection:
        question = await question_of(server, connection, waiting, person, cookie)
    if isinstance(question, OAuthFault):
        return fault_page(server, question)
    return pending.out_of_date() if question is None else page_for(server, question)


async def question_of(
    server: OAuthContext, connection: Connection, waiting: AuthorizationRequest, person: Person, cookie: str
) -> Question | OAuthFault | None:
    """What a waiting request asks this person today; None when it can't be asked any more."""
    client = await _current_client(server, connection, waiting.client_id)
    memberships = await memberships_of(connection, person.id)
    if client is None or not memberships:
        return None
    # A document was not known when the request came, and may have changed since.
    if not is_registered(waiting.redirect_uri, client.redirect_uris):
        return not_registered()
    # PUBLIC_URL may have changed since, and then nothing but `/mcp` is left.
    resource = resource_of(server.settings, waiting.resource) or MAIN
    offer = offer_of(resource, waiting.scopes, is_unproven=await _is_unproven(server, connection, person))
    return Question(waiting, client, offer, person, memberships, cookie)


async def _is_unproven(server: OAuthContext, connection: Connection, person: Person) -> bool:
    """Whether the person has but a password, and an address that could be proven and is not."""
    if not (server.mailer.enabled and server.settings.password_sign_in):
        return False
    profile = await find_profile(connection, person.id)
    return profile.has_password and profile.verified_at is None


def page_for(server: OAuthContext, question: Question, error: Invalid | None = None) -> Response:
    """The page, filled in as the client asked; with `error` as what was wrong with the answer."""
    waiting, visit = question.waiting, BrowserSession(question.cookie, False, question.person)
    return server.kit.show(
        visit,
        "consent.html",
        error,
        request_id=waiting.id,
        form_token=server.kit.csrf_token(visit, CONSENT, str(waiting.id)),
        sign_out_token=server.kit.csrf_token(visit, "/oauth/sign-out", str(waiting.id)),
        person=question.person,
        provider=server.provider_of(question.person),
        client=question.client,
        redirect_host=shown_host(waiting.redirect_uri),
        client_host=host_of(question.client.id) if is_document_id(question.client.id) else None,
        on_device=is_on_device(waiting.redirect_uri),
        offer=question.offer,
        duration=DEFAULT_DURATION,
        memberships=question.memberships,
    )


async def _current_client(server: OAuthContext, connection: Connection, client_id: str) -> Client | None:
    """The client as it is stored; one with a document only while that document serves."""
    if not is_document_id(client_id):
        return await find_client(connection, client_id)
    document = await find_document(connection, client_id)
    return document.client if document is not None and server.clock() < document.stale_until else None
