"""Choosing a new password by a one-time link."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError
from app.oauth.auditing import email_hash_of, endings_of, entry_of, refused
from app.oauth.context import OAuthContext
from app.oauth.grants.repository import of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.email_addresses import parse_email
from app.people.email_verification import reset
from app.runtime.requests import client_address
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession
from app.web.account.emails import reset_letter
from app.web.account.urls import RESET, SIGN_IN, dead_link, find_link, letter_sent, out_of_date, submitted_link_form
from app.web.password_proof import count_attempt

TO_ASK = "ask for a reset"
TO_RESET = "reset"


async def show_reset(server: OAuthContext, request: Request) -> Response:
    """GET /account/reset: asks for the address, or says whom to ask where no letter can be sent."""
    return _ask(server, await server.kit.read_session(request))


async def post_reset(server: OAuthContext, request: Request) -> Response:
    """POST /account/reset: the same answer, after the same work, for every address; the letter is written later."""
    form = await server.kit.submitted_form(request, TO_ASK)
    if form is None:
        return out_of_date(server)
    if not server.mailer.enabled:
        return _ask(server, form.session)
    try:
        await count_attempt(server, request)
        email = parse_email(form.fields.one("email"))
        async with transaction(server.engine) as connection:
            await server.login_throttle.count_email(connection, "reset", email, client_address(request), server.clock())
        server.mailer.put(partial(reset_letter, server, email))
    except AppError as error:
        refused(server, request, Action.PASSWORD_RESET, error.code, email_hash=email_hash_of(server, form.fields))
        return _ask(server, form.session, typed(form.fields, "email"), error)
    text = f"If {email.address} has an account here, a letter with a link is on its way. It is good for half an hour."
    return letter_sent(server, text, RESET)


async def show_new_password(server: OAuthContext, request: Request) -> Response:
    """GET /account/new-password: the form behind a reset link. Nothing is used up by looking."""
    visit = await server.kit.read_session(request)
    return await _choose(server, visit, request.query_params.get("link", ""))


async def post_new_password(server: OAuthContext, request: Request) -> Response:
    """POST /account/new-password: ends every session, grant and link of the person."""
    form = await submitted_link_form(server, request, TO_RESET, "reset")
    if isinstance(form, Response):
        return form
    endings = endings_of(server, request)
    try:
        await count_attempt(server, request)
        chosen = form.fields.one("password")
        secret_hash = await server.password_sign_in.hashing.hash_new(chosen, [form.link.email], client_address(request))
        async with transaction(server.engine, committed=endings.tell) as connection:
            now = server.clock()
            person_id = await reset(
                connection, server.login_throttle, form.secret, secret_hash, client_address(request), now
            )
            if person_id is None:
                return dead_link(server, "reset")
            await endings.end(connection, of_person(person_id), RevocationReason.PASSWORD_RESET, now)
            await record(connection, entry_of(server, request, Action.PASSWORD_RESET, person_id=person_id))
    except AppError as error:
        refused(server, request, Action.PASSWORD_RESET, error.code, email_hash=server.audit.email_hash(form.link.email))
        return await _choose(server, form.session, form.secret, error)
    return server.kit.pages.page(
        "done.html",
        title="You have a new password",
        text="Every browser was signed out, and your API keys ended. Every app has to be connected again: go back to "
        "it, or sign in to your account here.",
        path=SIGN_IN,
        words="Sign in",
    )


def _ask(server: OAuthContext, visit: BrowserSession, email: str = "", error: AppError | None = None) -> Response:
    token = server.kit.csrf_token(visit, TO_ASK)
    return server.kit.show(visit, "reset.html", error, by_mail=server.mailer.enabled, form_token=token, email=email)


async def _choose(server: OAuthContext, visit: BrowserSession, secret: str, error: AppError | None = None) -> Response:
    link = await find_link(server, secret, "reset")
    if link is None:
        return dead_link(server, "reset")
    token = server.kit.csrf_token(visit, TO_RESET)
    return server.kit.show(visit, "new_password.html", error, form_token=token, link=secret, email=link.email)
