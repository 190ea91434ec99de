"""Choosing a new password by an e-mailed link."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError
from app.oauth.grants.repository import approved_by
from app.oauth.grants.revocation import RevocationReason
from app.people.accounts import reset_password
from app.runtime.addresses import client_address
from app.ui.forms import typed
from app.ui.languages import gettext as _
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.email_links import link_no_longer_works, refused_link_page, submitted_link_form
from app.web.emails import email_sent, reset_email, send_email

RESET: Final = "/account/reset"


async def show_reset(web: WebContext, request: Request) -> Response:
    """GET /account/reset: ask for the address, or say whom to ask where no e-mail can be sent."""
    return _ask(web, await web.kit.read_session(request))


async def post_reset(web: WebContext, request: Request) -> Response:
    """POST /account/reset: send the link. Every address gets the same answer, after the same work."""
    form = await web.kit.submitted_form(request, RESET)
    if form is None:
        return web.account_pages.out_of_date()
    if not web.mailer.enabled:
        return _ask(web, form.session)
    try:
        typed_email = form.fields.one("email")
        email = await send_email(web, request, "reset", typed_email, lambda email: partial(reset_email, web, email))
    except AppError as error:
        web.record_refusal(request, Action.PASSWORD_RESET, error.code, email_hash=web.email_hash(form.fields))
        return _ask(web, form.session, typed(form.fields, "email"), error)
    text = _(
        "If %(email)s has an account here, we sent a message with a link. The link works for half an hour.",
        email=email.address,
    )
    return email_sent(web, text, RESET)


async def post_new_password(web: WebContext, request: Request) -> Response:
    """POST /account/new-password: change the password; every session, grant and link of the person ends."""
    form = await submitted_link_form(web, request, "reset")
    if isinstance(form, Response):
        return form
    revocations = web.revocations(request)
    try:
        await web.count_attempt(request)
        address = client_address(request)
        hashing, throttle = web.password_sign_in.hashing, web.password_sign_in.throttle
        secret_hash = await hashing.hash_new(form.fields.one("password"), [form.link.email], address)
        async with transaction(web.kit.engine, committed=revocations.publish) as connection:
            now = web.kit.clock()
            person_id = await reset_password(connection, throttle, form.secret, secret_hash, address, now)
            if person_id is None:
                return link_no_longer_works(web, "reset")
            await revocations.revoke(connection, approved_by(person_id), RevocationReason.PASSWORD_RESET, now)
            await record(connection, web.audit_entry(request, Action.PASSWORD_RESET, person_id=person_id))
    except AppError as error:
        return refused_link_page(web, request, form, Action.PASSWORD_RESET, error)
    return web.kit.pages.page(
        "done.html",
        title=_("Your password has been changed"),
        text=_(
            "You were signed out in every browser, and your API keys have ended. Every app has to be connected again: "
            "go back to the app, or sign in to your account here."
        ),
        path=SIGN_IN,
        label=_("Sign in"),
    )


def _ask(web: WebContext, session: BrowserSession, email: str = "", error: AppError | None = None) -> Response:
    token = web.kit.csrf_token(session, RESET)
    return web.kit.show(session, "reset.html", error, by_mail=web.mailer.enabled, form_token=token, email=email)
