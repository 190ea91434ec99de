"""The consent page. It is shown for every request, with the client's choices filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.errors import Invalid
from app.households.models import Membership
from app.households.repository import memberships_of, shared_households
from app.oauth.authorize.consent_choices import DEFAULT_DURATION, Offer, offer_of
from app.oauth.authorize.pending_requests import CONSENT, REQUEST, SIGN_IN, PendingRequests
from app.oauth.authorize.repository import AuthorizationRequest
from app.oauth.clients.metadata_documents import MetadataDocuments
from app.oauth.clients.models import Client
from app.oauth.clients.policy import host_of, is_document_id
from app.oauth.clients.redirects import is_on_device, is_registered, shown_host
from app.oauth.clients.repository import find_client, find_document
from app.oauth.context import OAuthContext
from app.oauth.errors import NotRegistered
from app.oauth.parameters import find_resource
from app.people.models import Person
from app.people.repository import find_profile
from app.resources import MAIN
from app.runtime.addresses import client_address
from app.text import mixes_scripts
from app.ui.page_kit import BrowserSession, PageKit


@dataclass(frozen=True, slots=True)
class ConsentPrompt:
    """Everything that the consent page shows: the request, its client, and the person who decides."""

    pending: AuthorizationRequest
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
        self._can_verify = sends_emails

    async def __call__(self, request: Request) -> Response:
        """Show the page. Raises `OAuthError`, and what `MetadataDocuments.find` raises."""
        async with transaction(self._context.engine) as connection:
            session = await self._kit.read_session(request, connection)
            asked = request.query_params.get(REQUEST, "")
            pending = await self._pending.find(connection, session.cookie, asked)
            if pending is None:
                return await self._pending.gone(connection, session.cookie, asked)
        person, cookie = session.person, session.cookie
        if person is None:
            return self._kit.see_other(f"{SIGN_IN}?request={pending.id}")
        if is_document_id(pending.client_id):
            # Outside of any transaction, because fetching takes time.
            await self._documents.find(pending.client_id, person.id, client_address(request))
        async with transaction(self._context.engine) as connection:
            prompt = await self.find_prompt(connection, pending, person, cookie)
        return self._pending.out_of_date() if prompt is None else self.render(prompt)

    async def find_prompt(
        self, connection: Connection, pending: AuthorizationRequest, person: Person, cookie: str
    ) -> ConsentPrompt | None:
        """Return what to ask this person for a pending request, or None when its client or their households are gone.

        Raises `OAuthError` when the redirect URI is not one of the client's.
        """
        client = await self._find_client(connection, pending.client_id)
        memberships = await _memberships_in_order(connection, person.id)
        if client is None or not memberships:
            return None
        # When the request was stored, the document was unknown, or may have been different.
        if not is_registered(pending.redirect_uri, client.redirect_uris):
            raise NotRegistered
        # If PUBLIC_URL has changed since, the resource is unknown, and the offer is for `/mcp`.
        resource = find_resource(self._context.public_url, pending.resource) or MAIN
        offer = offer_of(resource, pending.scopes, is_unproven=await self._is_unproven(connection, person))
        return ConsentPrompt(pending, client, offer, person, memberships, cookie)

    def render(self, prompt: ConsentPrompt, error: Invalid | None = None) -> Response:
        """Return the page, filled in with what the client asked for; `error` is what was wrong with the form sent."""
        kit, pending, person = self._kit, prompt.pending, prompt.person
        session = BrowserSession(prompt.cookie, False, person)
        return kit.show(
            session,
            "consent.html",
            error,
            request_id=pending.id,
            form_token=kit.csrf_token(session, CONSENT, str(pending.id)),
            sign_out_token=kit.csrf_token(session, "/oauth/sign-out", str(pending.id)),
            person=person,
            provider=self._provider_name if person.email is None else None,
            client=prompt.client,
            redirect_host=shown_host(pending.redirect_uri),
            client_host=host_of(prompt.client.id) if is_document_id(prompt.client.id) else None,
            mixes_scripts=mixes_scripts(prompt.client.name),
            on_device=is_on_device(pending.redirect_uri),
            offer=prompt.offer,
            duration=DEFAULT_DURATION,
            memberships=prompt.memberships,
        )

    async def _is_unproven(self, connection: Connection, person: Person) -> bool:
        """Whether the person has an account here and could verify their e-mail address, but hasn't."""
        if not self._can_verify:
            return False
        profile = await find_profile(connection, person.id)
        return profile.signs_in_here and profile.verified_at is None

    async def _find_client(self, connection: Connection, client_id: str) -> Client | None:
        """Return the stored client; one with a metadata document only while the document is fresh."""
        if not is_document_id(client_id):
            return await find_client(connection, client_id)
        document = await find_document(connection, client_id)
        return document.client if document is not None and self._context.clock() < document.stale_until else None


async def _memberships_in_order(connection: Connection, person_id: UUID) -> Sequence[Membership]:
    """Return a person's households with the preselected one first: the oldest that is shared with others, else the
    oldest. Whoever was invited has an empty household of their own too, and would shop there alone."""
    memberships = await memberships_of(connection, person_id)
    if len(memberships) < 2:
        return memberships
    shared = await shared_households(connection, person_id)
    return sorted(memberships, key=lambda each: each.household_id not in shared)
