"""Proving that an address is its person's: by a link in the mailbox and the password, which makes both one hand."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid
from app.oauth.auditing import endings_of, entry_of, refused
from app.oauth.context import OAuthContext
from app.oauth.grants.repository import of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.email_addresses import parse_email
from app.people.email_links import EmailLink
from app.people.email_verification import verify
from app.runtime.requests import client_address
from app.ui.page_kit import BrowserSession
from app.web.account.emails import verify_letter
from app.web.account.page import account_page
from app.web.account.urls import (
    ACCOUNT,
    SIGN_IN,
    TO_SEND_PROOF,
    dead_link,
    find_link,
    letter_sent,
    out_of_date,
    submitted_link_form,
)
from app.web.password_proof import count_attempt, prove

TO_VERIFY = "verify"


async def post_proof(server: OAuthContext, request: Request) -> Response:
    """POST /account/proof: sends the signed-in person the link."""
    form = await server.kit.submitted_form(request, TO_SEND_PROOF)
    person = form.session.person if form else None
    if form is None or person is None or person.email is None or not server.mailer.enabled:
        return out_of_date(server)
    try:
        await count_attempt(server, request)
        async with transaction(server.engine) as connection:
            email, now = parse_email(person.email), server.clock()
            await server.login_throttle.count_email(connection, "verify", email, client_address(request), now)
        server.mailer.put(partial(verify_letter, server, person))
    except AppError as error:
        refused(server, request, Action.ADDRESS_VERIFIED, error.code, person_id=person.id)
        return await account_page(server, form.session, person, error, error_in=TO_SEND_PROOF)
    return letter_sent(server, f"A letter to {person.email} is on its way. Its link is good for a day.", ACCOUNT)


async def show_verify(server: OAuthContext, request: Request) -> Response:
    """GET /account/verify: the form behind the link. Nothing is used up by looking."""
    visit, secret = await server.kit.read_session(request), request.query_params.get("link", "")
    link = await find_link(server, secret, "verify")
    return dead_link(server, "verify") if link is None else _page(server, visit, secret, link)


async def post_verify(server: OAuthContext, request: Request) -> Response:
    """POST /account/verify. The first proof ends what was made before it: sessions, grants and links."""
    form = await submitted_link_form(server, request, TO_VERIFY, "verify")
    if isinstance(form, Response):
        return form
    endings = endings_of(server, request)
    try:
        account = await prove(server, request, form.link.email, form.fields.one("password"))
        if account is None:
            raise Invalid("The password is wrong.", field="password")
        async with transaction(server.engine, committed=endings.tell) as connection:
            now = server.clock()
            is_first = await verify(connection, form.secret, account, now)
            if is_first is None:
                return dead_link(server, "verify")
            if is_first:
                await endings.end(connection, of_person(account.person.id), RevocationReason.ADDRESS_VERIFIED, now)
            await record(connection, entry_of(server, request, Action.ADDRESS_VERIFIED, person_id=account.person.id))
    except AppError as error:
        refused(
            server, request, Action.ADDRESS_VERIFIED, error.code, email_hash=server.audit.email_hash(form.link.email)
        )
        return _page(server, form.session, form.secret, form.link, error)
    return server.kit.pages.page(
        "done.html",
        title="The address is yours",
        text="Thank you. Sign in again; apps that were connected before have to be connected again, and API keys from "
        "before ended.",
        path=SIGN_IN,
        words="Sign in",
    )


def _page(
    server: OAuthContext, visit: BrowserSession, secret: str, link: EmailLink, error: AppError | None = None
) -> Response:
    token = server.kit.csrf_token(visit, TO_VERIFY)
    return server.kit.show(visit, "verify.html", error, form_token=token, link=secret, email=link.email)
