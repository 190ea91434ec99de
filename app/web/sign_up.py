"""Creating an account, on the way of a client's request or to a page: with a password at once, or by an e-mailed link.

With a mail server the person who reads the mailbox chooses the password, so no account is created with someone else's
address.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, new_id, transaction
from app.errors import AppError, Invalid, NotFound, gettext_noop
from app.households.invitations import find_by_code
from app.households.time_zones import UTC_NAME, suggested_zone, zone_names
from app.lists.new_household import create_first_household
from app.people.accounts import NewAccount, create_account, prepare_account
from app.people.email_addresses import EmailAddress, parse_email
from app.people.email_link_repository import take_link
from app.people.models import PasswordAccount, Person
from app.people.session_repository import has_just_signed_in
from app.runtime.addresses import client_address
from app.ui.forms import Fields, read_form, typed
from app.ui.languages import gettext as _
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.ui.paths import join_path
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.email_links import (
    PATHS,
    LinkForm,
    link_no_longer_works,
    link_page,
    open_link,
    refused_link_page,
    submitted_link_form,
)
from app.web.emails import email_sent, send_email, sign_up_email
from app.web.join import code_in
from app.web.passkeys.questions import PASSKEY, question
from app.web.sign_in import enter_with_password, forms_of, open_page, sent_before

ACCOUNT_CREATED: Final = "/account?done=made"

TAKEN: Final = gettext_noop("This email can't be used for a new account. If it is yours, sign in instead.")


def sign_up_path(to: Destinations) -> str:
    """Return the path of the form: /account/sign-up or /oauth/sign-up."""
    return f"{to.base}/sign-up"


async def show_sign_up(web: WebContext, to: Destinations, request: Request) -> Response:
    """GET /account/sign-up and /oauth/sign-up."""
    return await open_page(web, to, request, partial(_sign_up_page, web, to, suggested_time_zone(request)))


async def post_sign_up(web: WebContext, to: Destinations, request: Request) -> Response:
    """POST /account/sign-up and /oauth/sign-up: create person, password, household and session in one transaction, and
    go on to the destination.

    With a mail server a link is sent instead, and the answer is the same for every address.
    """
    fields = await read_form(request)
    form = await web.kit.proven_form(request, fields, sign_up_path(to), to.bound_field)
    if form is None:
        return await sent_before(web, to, request, fields, sign_up_path(to))
    destination = to.parse("")
    try:
        destination = to.parse(form.fields.one(to.field))
        if web.mailer.enabled:
            return await _send_link(web, to, request, form, destination)
        await web.count_attempt(request)
        account = await _prepare(web, request, form.fields.one("email"), form.fields)
    except AppError as error:
        return refused_sign_up(web, to, request, form, destination, error.code, error)
    household_id = new_id()
    async with transaction(web.kit.engine, household_id=household_id) as connection:
        person = await _create(web, request, connection, account, household_id, form.fields)
        if person is not None:
            # If the request has closed meanwhile, the account stays: the person signs in at the next attempt.
            return await to.enter(connection, form.session.cookie, destination, person) or to.out_of_date()
    try:
        made = await _just_made(web, request, account.email, form)
        if made is None:
            raise Invalid(TAKEN, field="email")
        return await enter_with_password(web, to, request, form, destination, made) or to.out_of_date()
    except AppError as error:
        return refused_sign_up(web, to, request, form, destination, "taken", error)


async def show_new_account(web: WebContext, request: Request) -> Response:
    """GET /account/new: the form behind the link. Opening it does not use up the link."""
    form = await open_link(web, request, "sign_up")
    if isinstance(form, Response):
        return form
    to, destination = leads_to(web, request.query_params)
    return link_page(
        web,
        form,
        field=to.field,
        destination=destination,
        **passkey_context(web, form.session),
        name="",
        time_zone=suggested_time_zone(request),
        time_zones=zone_names(),
    )


async def post_new_account(web: WebContext, request: Request) -> Response:
    """POST /account/new: create person, password, household and session in one transaction.

    Goes on with the client's request if it waits in this browser, or to the invitation, else to the account.
    """
    form = await submitted_link_form(web, request, "sign_up", if_used=partial(_enter_just_made, web, request))
    if isinstance(form, Response):
        return form
    to, destination = _leads_to_in(web, form.fields)
    household_id = new_id()
    try:
        await web.count_attempt(request)
        account = await _prepare(web, request, form.link.email, form.fields)
        async with transaction(web.kit.engine, household_id=household_id) as connection:
            if await take_link(connection, form.secret, "sign_up", web.kit.clock()) is not None:
                person = await _create(web, request, connection, account, household_id, form.fields, verified=True)
                if person is None:
                    raise Invalid("There is already an account with this address. Sign in with it.", field="email")
                cookie = form.session.cookie
                return await to.enter(connection, cookie, destination, person) or await web.account_pages.enter(
                    connection, cookie, ACCOUNT_CREATED, person
                )
        own = SubmittedForm(form.session, form.fields)
        return await _enter_just_made(web, request, own) or link_no_longer_works(web, "sign_up")
    except AppError as error:
        return refused_new_account(web, request, form, to, destination, error)


def refused_new_account(
    web: WebContext, request: Request, form: LinkForm, to: Destinations, destination: str, error: AppError
) -> Response:
    """Return the page behind the link again, with what was typed, and have the refusal recorded."""
    return refused_link_page(
        web,
        request,
        form,
        Action.SIGN_UP,
        error,
        **passkey_context(web, form.session),
        field=to.field,
        destination=destination,
        name=typed(form.fields, "name"),
        time_zone=typed(form.fields, "time_zone"),
        time_zones=zone_names(),
    )


def passkey_context(web: WebContext, session: BrowserSession) -> dict[str, Any]:
    """Return what the page behind the link needs for its form that takes a passkey."""
    path = f"{PATHS['sign_up']}{PASSKEY}"
    return {"ask": question(web, session, "add"), "passkey_token": web.kit.csrf_token(session, path)}


async def _just_made(
    web: WebContext, request: Request, email: EmailAddress, form: SubmittedForm
) -> PasswordAccount | None:
    """Return the account that the same form, sent a moment before by this browser, has made; None if there is none or
    the password isn't its own.

    Of a form that is sent twice, browsers drop the first answer, so the second one signs in to what the first one made.
    It is an attempt to sign in like any other, and counted as one. Raises `LimitReached`, `Unavailable`.
    """
    async with transaction(web.kit.engine) as connection:
        if not await has_just_signed_in(connection, email, form.session.cookie, web.kit.clock()):
            return None
    return await web.password_sign_in.sign_in(email.address, form.fields.one("password"), client_address(request))


async def _enter_just_made(web: WebContext, request: Request, form: SubmittedForm) -> Response | None:
    """Go on with the account that the same form behind a link, sent a moment before, has made; None if there is none.

    Raises as `_just_made` does, and `Invalid`.
    """
    to, destination = _leads_to_in(web, form.fields)
    made = await _just_made(web, request, parse_email(form.fields.one("email")), form)
    if made is None:
        return None
    entered = await enter_with_password(web, to, request, form, destination, made)
    return entered or await enter_with_password(web, web.account_pages, request, form, ACCOUNT_CREATED, made)


def _leads_to_in(web: WebContext, fields: Fields) -> tuple[Destinations, str]:
    return leads_to(web, {name: typed(fields, name) for name in fields.names()})


def leads_to(web: WebContext, parameters: Mapping[str, str]) -> tuple[Destinations, str]:
    """Return where an e-mailed link leads after the sign-up."""
    pages, requests = web.account_pages, web.client_requests
    if pages.field in parameters:
        return pages, pages.parse(parameters[pages.field])
    return requests, requests.parse(parameters.get(requests.field, ""))


async def _prepare(web: WebContext, request: Request, email: str, fields: Fields) -> NewAccount:
    password, name = fields.one("password"), fields.one("name")
    hashing = web.password_sign_in.hashing
    return await prepare_account(hashing, email, password, name, requester=client_address(request))


async def _create(
    web: WebContext,
    request: Request,
    connection: Connection,
    account: NewAccount,
    household_id: UUID,
    fields: Fields,
    *,
    verified: bool = False,
) -> Person | None:
    """Create the account with its first household, and record it; None if the address has an account."""
    now = web.kit.clock()
    person = await create_account(connection, account, now, verified=verified)
    if person is not None:
        entry = web.audit_entry(request, Action.SIGN_UP, person_id=person.id, household_id=household_id)
        await record(connection, entry)
        await create_first_household(connection, household_id, person, now, chosen_time_zone(fields))
    return person


def suggested_time_zone(request: Request) -> str:
    """Return the time zone that the browser's language suggests."""
    return suggested_zone(request.headers.get("accept-language", ""))


def chosen_time_zone(fields: Fields) -> str:
    """Return the time zone that was chosen in a form, or UTC."""
    chosen = fields.one("time_zone")
    return chosen if chosen in zone_names() else UTC_NAME


async def _send_link(
    web: WebContext, to: Destinations, request: Request, form: SubmittedForm, destination: str
) -> Response:
    known = await _known_destination(web, to, destination)
    email = await send_email(
        web, request, "sign_up", form.fields.one("email"), lambda email: partial(sign_up_email, web, email, to, known)
    )
    text = _(
        "We sent a message to %(email)s. Open the link in it in this browser to come back here. The link works for a "
        "day.",
        email=email.address,
    )
    if to.request_id(known) is not None:
        text += " " + _("Your app waits for ten minutes; after that, connect it again.")
    return email_sent(web, text, f"{sign_up_path(to)}?{urlencode({to.field: destination})}")


async def _known_destination(web: WebContext, to: Destinations, destination: str) -> str:
    """Return the destination, or the account unless it is a waiting request or an open invitation: an e-mail must hold
    nothing that a stranger wrote."""
    code = code_in(destination)
    if to.request_id(destination) is not None:
        return destination
    try:
        async with transaction(web.kit.engine) as connection:
            await find_by_code(connection, code, web.kit.clock())
    except NotFound:
        return to.parse("")
    return join_path(code)


def refused_sign_up(
    web: WebContext,
    to: Destinations,
    request: Request,
    form: SubmittedForm,
    destination: str,
    outcome: str,
    error: AppError,
) -> Response:
    """Return the sign-up page again, with what was typed, and have the refusal recorded."""
    web.record_refusal(request, Action.SIGN_UP, outcome, email_hash=web.email_hash(form.fields))
    kept = {name: typed(form.fields, name) for name in ("email", "name")}
    return _sign_up_page(web, to, typed(form.fields, "time_zone"), form.session, destination, error=error, **kept)


def _sign_up_page(
    web: WebContext,
    to: Destinations,
    time_zone: str,
    session: BrowserSession,
    destination: str,
    app_name: str = "",
    *,
    error: AppError | None = None,
    email: str = "",
    name: str = "",
) -> Response:
    return web.kit.show(
        session,
        "sign_up.html",
        error,
        **forms_of(web, to, session, destination, {"form_token": "/sign-up", "passkey_token": f"/sign-up{PASSKEY}"}),
        by_mail=web.mailer.enabled,
        ask=question(web, session, "add"),
        app_name=app_name,
        email=email,
        name=name,
        time_zone=time_zone,
        time_zones=zone_names(),
    )
