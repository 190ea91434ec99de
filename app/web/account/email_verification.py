"""Confirming an e-mail address: the link shows who reads the mailbox, the password whose account it is."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid
from app.oauth.grants.repository import approved_by
from app.oauth.grants.revocation import RevocationReason
from app.people.accounts import verify_email
from app.ui.languages import gettext as _
from app.web.account.page import SEND_PROOF, account_page
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.email_links import link_no_longer_works, refused_link_page, submitted_link_form
from app.web.emails import email_sent, send_email, verification_email
from app.web.sign_in import verify_password


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
    return email_sent(
        web, _("We sent a message to %(email)s. The link in it works for a day.", email=person.email), ACCOUNT
    )


async def post_verify(web: WebContext, request: Request) -> Response:
    """POST /account/verify: confirm the address. The first time, every earlier session, grant and link ends."""
    form = await submitted_link_form(web, request, "verify")
    if isinstance(form, Response):
        return form
    revocations = web.revocations(request)
    try:
        account = await verify_password(web, request, form.link.email, form.fields.one("password"))
        if account is None:
            raise Invalid("The password is wrong.", field="password")
        person_id = account.person.id
        async with transaction(web.kit.engine, committed=revocations.publish) as connection:
            now = web.kit.clock()
            is_first = await verify_email(connection, form.secret, account, now)
            if is_first is None:
                return link_no_longer_works(web, "verify")
            if is_first:
                await revocations.revoke(connection, approved_by(person_id), RevocationReason.ADDRESS_VERIFIED, now)
            await record(connection, web.audit_entry(request, Action.ADDRESS_VERIFIED, person_id=person_id))
    except AppError as error:
        return refused_link_page(web, request, form, Action.ADDRESS_VERIFIED, error)
    return web.kit.pages.page(
        "done.html",
        title=_("Your address is confirmed"),
        text=_(
            "Please sign in again. Apps that you connected before have to be connected again, and earlier API keys "
            "have ended."
        ),
        path=SIGN_IN,
        label=_("Sign in"),
    )
