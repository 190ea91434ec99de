"""Creating an account with a passkey in place of a password: on the sign-up page, or behind an e-mailed link."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, new_id, transaction
from app.errors import AppError, Invalid
from app.lists.new_household import create_first_household
from app.people.email_link_repository import take_link
from app.people.passkeys.challenges import NewcomerKey, PasskeyChallenges
from app.people.passkeys.newcomers import Newcomer, PasskeyAccount, create_passkey_account, newcomer
from app.ui.forms import Fields, typed
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, Destinations
from app.web.email_links import link_no_longer_works, submitted_link_form
from app.web.passkeys.page import passkey_name
from app.web.passkeys.questions import PASSKEY
from app.web.passkeys.sign_in import BY_PASSKEY
from app.web.sign_up import (
    ACCOUNT_CREATED,
    TAKEN,
    chosen_time_zone,
    leads_to,
    refused_new_account,
    refused_sign_up,
    sign_up_path,
)


async def post_passkey_sign_up(
    web: WebContext, passkeys: PasskeyChallenges, to: Destinations, request: Request
) -> Response:
    """POST /account/sign-up/passkey and /oauth/sign-up/passkey: create person, passkey, household and session in one
    transaction, and show the recovery codes on the way to the destination."""
    form = await web.kit.submitted_form(request, f"{sign_up_path(to)}{PASSKEY}", to.bound_field)
    if form is None or form.session.person is not None or web.mailer.enabled:
        return to.out_of_date()
    destination = to.parse("")
    try:
        destination = to.parse(form.fields.one(to.field))
        await web.count_attempt(request)
        who = newcomer(form.fields.one("email"), form.fields.one("name"))
        made = await passkeys.verify_newcomer(form.session.cookie, form.fields.one("credential"))
        household_id = new_id()
        async with transaction(web.kit.engine, household_id=household_id) as connection:
            account = await _create(web, request, connection, who, made, household_id, form.fields)
            if account is None:
                raise Invalid(TAKEN, field="email")
            return await _show_codes(web, connection, form.session, account, to, destination, ACCOUNT)
    except AppError as error:
        return refused_sign_up(web, to, request, form, destination, error.code, error)


async def post_passkey_new_account(web: WebContext, passkeys: PasskeyChallenges, request: Request) -> Response:
    """POST /account/new/passkey: the same behind an e-mailed link, which it uses up."""
    form = await submitted_link_form(web, request, "sign_up", PASSKEY)
    if isinstance(form, Response):
        return form
    to, destination = leads_to(web, {name: typed(form.fields, name) for name in form.fields.names()})
    try:
        await web.count_attempt(request)
        who = newcomer(form.link.email, form.fields.one("name"))
        made = await passkeys.verify_newcomer(form.session.cookie, form.fields.one("credential"))
        household_id = new_id()
        async with transaction(web.kit.engine, household_id=household_id) as connection:
            if await take_link(connection, form.secret, "sign_up", web.kit.clock()) is None:
                return link_no_longer_works(web, "sign_up")
            account = await _create(web, request, connection, who, made, household_id, form.fields, verified=True)
            if account is None:
                raise Invalid("There is already an account with this address. Sign in with it.", field="email")
            return await _show_codes(web, connection, form.session, account, to, destination, ACCOUNT_CREATED)
    except AppError as error:
        return refused_new_account(web, request, form, to, destination, error)


async def _create(
    web: WebContext,
    request: Request,
    connection: Connection,
    who: Newcomer,
    made: NewcomerKey | None,
    household_id: UUID,
    fields: Fields,
    *,
    verified: bool = False,
) -> PasskeyAccount | None:
    now, device = web.kit.clock(), await passkey_name(request)
    account = await create_passkey_account(connection, who, made, device, now, verified=verified)
    if account is not None:
        person = account.person
        entry = web.audit_entry(
            request, Action.SIGN_UP, person_id=person.id, household_id=household_id, detail=BY_PASSKEY
        )
        await record(connection, entry)
        await create_first_household(connection, household_id, person, now, chosen_time_zone(fields))
    return account


async def _show_codes(
    web: WebContext,
    connection: Connection,
    session: BrowserSession,
    account: PasskeyAccount,
    to: Destinations,
    destination: str,
    otherwise: str,
) -> Response:
    """Sign in, and return the page of the codes, which leads on to the destination; where that is gone, to
    `otherwise`."""
    person = account.person
    entered = await to.enter(connection, session.cookie, destination, person)
    if entered is None:
        entered = await web.account_pages.enter(connection, session.cookie, otherwise, person)
    signed_in = BrowserSession(session.cookie, False, person)  # `entered` has the new cookie
    page = web.kit.show(
        signed_in,
        "passkeys/codes.html",
        codes=account.codes,
        email=person.email,
        alone=True,
        onward=entered.headers["location"],
    )
    page.headers.append("set-cookie", entered.headers["set-cookie"])
    return page
