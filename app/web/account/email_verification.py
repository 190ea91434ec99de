"""Confirming an e-mail address: the link shows who reads the mailbox, the password whose account it is."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid
from app.oauth.grants.repository import of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.accounts import verify_email
from app.web.account.page import SEND_PROOF, account_page
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.email_links import LinkForm, link_no_longer_works, open_link, submitted_link_form
from app.web.emails import email_sent, send_email, verification_email
from app.web.sign_in import verify_password

VERIFY: Final = "/account/verify"


async def post_proof(web: WebContext, request: Request) -> Response:
    """POST /account/proof: send the link to the person who is signed in."""
    form = await web.kit.submitted_form(request, SEND_PROOF)
    person = form.session.person if form else None
    if form is None or person is None or person.email is None or not web.mailer.enabled:
        return web.account_pages.out_of_date()
    try:
        await send_email(web, request, "verify", person.email, lambda _: partial(verification_email, web, person))
    except AppError as error:
        web.record_refusal(request, Action.ADDRESS_VERIFIED, error.code, person_id=person.id)
        return await account_page(web, form.session, person, error, error_in=SEND_PROOF)
    return email_sent(web, f"We sent a message to {person.email}. The link in it works for a day.", ACCOUNT)


async def show_verify(web: WebContext, request: Request) -> Response:
    """GET /account/verify: the form behind the link. Opening it does not use up the link."""
    form = await open_link(web, request, "verify")
    return form if isinstance(form, Response) else _page(web, form)


async def post_verify(web: WebContext, request: Request) -> Response:
    """POST /account/verify: confirm the address. The first time, every earlier session, grant and link ends."""
    form = await submitted_link_form(web, request, VERIFY, "verify")
    if isinstance(form, Response):
        return form
    revocations = web.revocations(request)
    try:
        account = await verify_password(web, request, form.link.email, form.fields.one("password"))
        if account is None:
            raise Invalid("The password is wrong.", field="password")
        person_id = account.person.id
        async with transaction(web.kit.engine, committed=revocations.tell) as connection:
            now = web.kit.clock()
            is_first = await verify_email(connection, form.secret, account, now)
            if is_first is None:
                return link_no_longer_works(web, "verify")
            if is_first:
                await revocations.end(connection, of_person(person_id), RevocationReason.ADDRESS_VERIFIED, now)
            await record(connection, web.audit_entry(request, Action.ADDRESS_VERIFIED, person_id=person_id))
    except AppError as error:
        email_hash = web.audit.email_hash(form.link.email)
        web.record_refusal(request, Action.ADDRESS_VERIFIED, error.code, email_hash=email_hash)
        return _page(web, form, error)
    return web.kit.pages.page(
        "done.html",
        title="Your address is confirmed",
        text="Please sign in again. Apps that you connected before have to be connected again, and earlier API keys "
        "have ended.",
        path=SIGN_IN,
        label="Sign in",
    )


def _page(web: WebContext, form: LinkForm, error: AppError | None = None) -> Response:
    token = web.kit.csrf_token(form.session, VERIFY)
    return web.kit.show(form.session, "verify.html", error, form_token=token, link=form.secret, email=form.link.email)
