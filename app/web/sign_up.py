"""Creating an account on the way of a client's request: with a password at once, or by an e-mailed link.

With a mail server the person who reads the mailbox chooses the password, so no account is created with someone else's
address.
"""

from functools import partial
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, new_id, transaction
from app.errors import AppError, Invalid
from app.households.time_zones import UTC_NAME, suggested_zone, zone_names
from app.lists.first_list import create_first_household
from app.people.accounts import NewAccount, create_account, prepare_account
from app.people.email_link_repository import take_link
from app.people.models import Person
from app.runtime.addresses import client_address
from app.ui.forms import Fields, typed
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.web.context import WebContext
from app.web.email_links import link_no_longer_works, link_page, open_link, refused_link_page, submitted_link_form
from app.web.emails import email_sent, send_email, sign_up_email
from app.web.sign_in import open_page

SIGN_UP: Final = "/oauth/sign-up"
ACCOUNT_CREATED: Final = "/account?done=made"

TAKEN: Final = "This email can't be used for a new account. If it is yours, sign in instead."


async def show_sign_up(web: WebContext, request: Request) -> Response:
    """GET /oauth/sign-up."""
    return await open_page(web, web.client_requests, request, partial(_sign_up_page, web, _suggested(request)))


async def post_sign_up(web: WebContext, request: Request) -> Response:
    """POST /oauth/sign-up: create person, password, household and session in one transaction, and go on to consent.

    With a mail server a link is sent instead, and the answer is the same for every address.
    """
    to = web.client_requests
    form = await web.kit.submitted_form(request, SIGN_UP, to.bound_field)
    if form is None:
        return to.out_of_date()
    request_id = to.parse(form.fields.one(to.field))
    try:
        if web.mailer.enabled:
            return await _send_link(web, request, form, request_id)
        await web.count_attempt(request)
        account = await _prepare(web, request, form.fields.one("email"), form.fields)
    except AppError as error:
        return _refused(web, request, form, request_id, error.code, error)
    household_id = new_id()
    async with transaction(web.kit.engine, household_id=household_id) as connection:
        person = await _create(web, request, connection, account, household_id, form.fields)
        if person is None:
            return _refused(web, request, form, request_id, "taken", Invalid(TAKEN, field="email"))
        # If the request has closed meanwhile, the account stays: the person signs in at the next attempt.
        return await to.enter(connection, form.session.cookie, request_id, person) or to.out_of_date()


async def show_new_account(web: WebContext, request: Request) -> Response:
    """GET /account/new: the form behind the link. Opening it does not use up the link."""
    form = await open_link(web, request, "sign_up")
    if isinstance(form, Response):
        return form
    request_id = web.client_requests.parse(request.query_params.get("request", ""))
    return link_page(web, form, request_id=request_id, name="", time_zone=_suggested(request), time_zones=zone_names())


async def post_new_account(web: WebContext, request: Request) -> Response:
    """POST /account/new: create person, password, household and session in one transaction.

    Goes on with the client's request if it waits in this browser, else to the account.
    """
    form = await submitted_link_form(web, request, "sign_up")
    if isinstance(form, Response):
        return form
    request_id, household_id = form.fields.one("request"), new_id()
    try:
        await web.count_attempt(request)
        account = await _prepare(web, request, form.link.email, form.fields)
        async with transaction(web.kit.engine, household_id=household_id) as connection:
            if await take_link(connection, form.secret, "sign_up", web.kit.clock()) is None:
                return link_no_longer_works(web, "sign_up")
            person = await _create(web, request, connection, account, household_id, form.fields, verified=True)
            if person is None:
                raise Invalid("There is already an account with this address. Sign in with it.", field="email")
            cookie = form.session.cookie
            return await web.client_requests.enter(
                connection, cookie, request_id, person
            ) or await web.account_pages.enter(connection, cookie, ACCOUNT_CREATED, person)
    except AppError as error:
        kept = {
            "request_id": web.client_requests.parse(request_id),
            "name": typed(form.fields, "name"),
            "time_zone": typed(form.fields, "time_zone"),
            "time_zones": zone_names(),
        }
        return refused_link_page(web, request, form, Action.SIGN_UP, error, **kept)


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
        await create_first_household(connection, household_id, person, now, _time_zone(fields))
    return person


def _suggested(request: Request) -> str:
    return suggested_zone(request.headers.get("accept-language", ""))


def _time_zone(fields: Fields) -> str:
    chosen = fields.one("time_zone")
    return chosen if chosen in zone_names() else UTC_NAME


async def _send_link(web: WebContext, request: Request, form: SubmittedForm, request_id: str) -> Response:
    email = await send_email(
        web, request, "sign_up", form.fields.one("email"), lambda email: partial(sign_up_email, web, email, request_id)
    )
    text = (
        f"We sent a message to {email.address}. Open the link in it in this browser to come back here. The link works "
        "for a day. Your app waits for ten minutes; after that, connect it again."
    )
    return email_sent(web, text, f"{SIGN_UP}?request={request_id}")


def _refused(
    web: WebContext, request: Request, form: SubmittedForm, request_id: str, outcome: str, error: AppError
) -> Response:
    web.record_refusal(request, Action.SIGN_UP, outcome, email_hash=web.email_hash(form.fields))
    kept = {name: typed(form.fields, name) for name in ("email", "name")}
    return _sign_up_page(web, typed(form.fields, "time_zone"), form.session, request_id, error=error, **kept)


def _sign_up_page(
    web: WebContext,
    time_zone: str,
    session: BrowserSession,
    request_id: str,
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
        form_token=web.kit.csrf_token(session, SIGN_UP, request_id),
        by_mail=web.mailer.enabled,
        request_id=request_id,
        app_name=app_name,
        email=email,
        name=name,
        time_zone=time_zone,
        time_zones=zone_names(),
    )
