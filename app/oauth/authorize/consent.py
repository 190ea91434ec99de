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
from app.oauth.authorize.pending_requests import CONSENT, REQUEST, SIGN_IN, PendingRequests
from app.oauth.authorize.repository import AuthorizationRequest
from app.oauth.clients.ids import host_of, is_document_id
from app.oauth.clients.metadata_documents import MetadataDocuments
from app.oauth.clients.models import Client
from app.oauth.clients.redirects import is_on_device, is_registered, shown_host
from app.oauth.clients.repository import find_client, find_document
from app.oauth.context import OAuthContext
from app.oauth.errors import not_registered
from app.oauth.parameters import find_resource
from app.people.models import Person
from app.people.repository import find_profile
from app.resources import MAIN
from app.runtime.requests import client_address
from app.ui.page_kit import BrowserSession, PageKit


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked what: everything that the page shows."""

    waiting: AuthorizationRequest
    client: Client
    offer: Offer
    person: Person
    memberships: Sequence[Membership]
    cookie: str


class ConsentPage:
    """GET /oauth/consent."""

    def __init__(
        self,
        context: OAuthContext,
        kit: PageKit,
        documents: MetadataDocuments,
        *,
        provider_name: str | None,
        sends_emails: bool,
    ) -> None:
        self._context = context
        self._kit = kit
        self._pending = PendingRequests(kit)
        self._documents = documents
        self._provider_name = provider_name
        self._can_verify = sends_emails and context.settings.password_sign_in

    async def __call__(self, request: Request) -> Response:
        """Show the page. Raises `OAuthError`, and what `MetadataDocuments.find` raises."""
        async with transaction(self._context.engine) as connection:
            session = await self._kit.read_session(request, connection)
            waiting = await self._pending.find(connection, session.cookie, request.query_params.get(REQUEST, ""))
        if waiting is None:
            return self._pending.out_of_date()
        person, cookie = session.person, session.cookie
        if person is None:
            return self._kit.see_other(f"{SIGN_IN}?request={waiting.id}")
        if is_document_id(waiting.client_id):
            # Only here, and outside of any transaction: fetching takes time.
            await self._documents.find(waiting.client_id, person.id, client_address(request))
        async with transaction(self._context.engine) as connection:
            question = await self.find_question(connection, waiting, person, cookie)
        return self._pending.out_of_date() if question is None else self.render(question)

    async def find_question(
        self, connection: Connection, waiting: AuthorizationRequest, person: Person, cookie: str
    ) -> Question | None:
        """Return what a pending request asks this person today; None when it can no longer be asked.

        Raises `OAuthError` when the redirect URI is not one of the client's.
        """
        client = await self._find_client(connection, waiting.client_id)
        memberships = await memberships_of(connection, person.id)
        if client is None or not memberships:
            return None
        # A document was not known when the request came, and may have changed since.
        if not is_registered(waiting.redirect_uri, client.redirect_uris):
            raise not_registered()
        # PUBLIC_URL may have changed since, and then nothing but `/mcp` is left.
        resource = find_resource(self._context.settings.public_url, waiting.resource) or MAIN
        offer = offer_of(resource, waiting.scopes, is_unproven=await self._is_unproven(connection, person))
        return Question(waiting, client, offer, person, memberships, cookie)

    def render(self, question: Question, error: Invalid | None = None) -> Response:
        """Return the page, filled in as the client asked; `error` is what was wrong with the answer."""
        kit, waiting, person = self._kit, question.waiting, question.person
        session = BrowserSession(question.cookie, False, person)
        return kit.show(
            session,
            "consent.html",
            error,
            request_id=waiting.id,
            form_token=kit.csrf_token(session, CONSENT, str(waiting.id)),
            sign_out_token=kit.csrf_token(session, "/oauth/sign-out", str(waiting.id)),
            person=person,
            provider=self._provider_name if person.email is None else None,
            client=question.client,
            redirect_host=shown_host(waiting.redirect_uri),
            client_host=host_of(question.client.id) if is_document_id(question.client.id) else None,
            on_device=is_on_device(waiting.redirect_uri),
            offer=question.offer,
            duration=DEFAULT_DURATION,
            memberships=question.memberships,
        )

    async def _is_unproven(self, connection: Connection, person: Person) -> bool:
        """Whether the person has only a password, and an e-mail address that they could verify and have not."""
        if not self._can_verify:
            return False
        profile = await find_profile(connection, person.id)
        return profile.has_password and profile.verified_at is None

    async def _find_client(self, connection: Connection, client_id: str) -> Client | None:
        """Return the client as it is stored; one with a metadata document only until that is stale."""
        if not is_document_id(client_id):
            return await find_client(connection, client_id)
        document = await find_document(connection, client_id)
        return document.client if document is not None and self._context.clock() < document.stale_until else None
