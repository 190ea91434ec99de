"""The form of the consent page: approving creates a grant and its authorization code."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.crypto.tokens import hash_of
from app.db import Connection, new_id, transaction
from app.errors import Invalid
from app.oauth.authorize.consent import ConsentPage, ConsentPrompt
from app.oauth.authorize.consent_choices import Choices, read_choices
from app.oauth.authorize.pending_requests import CONSENT, REQUEST, PendingRequests, request_of
from app.oauth.authorize.repository import answer_request, lock_request
from app.oauth.clients.redirects import response_uri, shown_host
from app.oauth.clients.repository import hold_client, note_use
from app.oauth.context import OAuthContext
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.create import has_room
from app.oauth.grants.models import NewGrant
from app.oauth.grants.repository import contested, insert_grant, narrower
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.tokens.codes import issue_code
from app.people.session_repository import find_person_for_change
from app.scopes import format_scope
from app.ui.forms import Fields
from app.ui.languages import gettext as _
from app.ui.page_kit import PageKit


class ConsentEndpoint:
    """POST /oauth/consent."""

    def __init__(self, context: OAuthContext, kit: PageKit, page: ConsentPage) -> None:
        self._context = context
        self._kit = kit
        self._pending = PendingRequests(kit)
        self._page = page

    async def __call__(self, request: Request) -> Response:
        """Return the page that redirects to the client. A request can be answered once. Raises `OAuthError`."""
        context = self._context
        form = await self._kit.submitted_form(request, CONSENT, REQUEST)
        person = form.session.person if form else None
        if form is None or person is None:
            return self._pending.out_of_date()
        cookie = form.session.cookie
        revocations = context.revocations(request)
        async with transaction(context.engine, committed=revocations.publish) as connection:
            still_signed_in = await find_person_for_change(connection, cookie, context.clock()) == person
            pending = await lock_request(connection, request_of(form), hash_of(cookie), context.clock())
            if pending is None:
                return await self._pending.gone(connection, cookie, str(request_of(form)))
            await hold_client(connection, pending.client_id)
            prompt = await self._page.find_prompt(connection, pending, person, cookie)
            if prompt is None or not still_signed_in:
                return self._pending.out_of_date()
            return await self._answer(request, connection, prompt, form.fields, revocations)

    async def _answer(
        self,
        request: Request,
        connection: Connection,
        prompt: ConsentPrompt,
        fields: Fields,
        revocations: GrantRevocations,
    ) -> Response:
        pending, now = prompt.pending, self._context.clock()
        known: dict[str, Any] = {"person_id": prompt.person.id, "client_id": prompt.client.id}
        try:
            decision = fields.one("decision")
            if decision not in ("approve", "deny"):
                raise Invalid("Choose to approve or to deny.", field="decision")
            if decision == "approve" and not await has_room(connection, prompt.person.id, now):
                raise Invalid(
                    "{most} connections are the limit. Disconnect some on your account page first.",
                    values={"most": MOST_CONNECTIONS},
                )
            choices = read_choices(fields, prompt.offer, prompt.memberships)
        except Invalid as error:
            self._context.record_refusal(request, Action.CONSENT, error.code, **known)
            return self._page.render(prompt, error)
        await answer_request(connection, pending.id, "denied" if decision == "deny" else "approved", now)
        response: dict[str, str | None]
        if decision == "deny":
            response = {"error": "access_denied", "error_description": "The person denied the request."}
            known |= {"outcome": "denied"}
        else:
            # Whoever approves the app again has it at hand: a token of it that somebody else may have ends with that.
            which = contested(prompt.person.id, prompt.client.id)
            await revocations.revoke(connection, which, RevocationReason.CONTESTED, now)
            grant = await _create_consent(connection, prompt, choices, now)
            await revocations.revoke(connection, narrower(grant), RevocationReason.REPLACED, now)
            code = await issue_code(connection, grant.id, pending.redirect_uri, pending.code_challenge, now)
            response = {"code": code}
            known |= {"outcome": "approved", "grant_id": grant.id, "detail": format_scope(grant.scopes)}
        await record(connection, self._context.audit_entry(request, Action.CONSENT, **known))
        response["state"] = pending.state
        target = response_uri(pending.redirect_uri, response, self._context.public_url)
        return self._kit.redirect_page(_("Back to the app"), _("Back to %(app)s", app=prompt.client.name), target)


async def _create_consent(connection: Connection, prompt: ConsentPrompt, choices: Choices, now: datetime) -> NewGrant:
    """Insert the grant. Each approval is a new grant, because several devices may share one client id."""
    client, pending = prompt.client, prompt.pending
    grant = NewGrant(
        id=new_id(),
        person_id=prompt.person.id,
        client_id=client.id,
        client={
            "name": client.name,
            "kind": client.kind,
            "redirect_host": shown_host(pending.redirect_uri),
            "redirect_uri": pending.redirect_uri,
            "auth_method": client.token_endpoint_auth_method,
        },
        scopes=choices.scopes,
        resource=pending.resource,
        household_ids=choices.household_ids,
        default_household_id=choices.default_household_id,
        expires_at=None if choices.duration is None else now + choices.duration,
    )
    await insert_grant(connection, grant, now)
    await note_use(connection, client.id, now)
    return grant
