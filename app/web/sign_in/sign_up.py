"""Making an account on the way of a client's request."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import new_id, transaction
from app.errors import AppError, Invalid
from app.lists.first_list import create_first_household
from app.oauth.auditing import email_hash_of, entry_of, refused
from app.oauth.authorize.pending_request import REQUEST, continue_as, out_of_date, request_of
from app.oauth.context import OAuthContext
from app.people.accounts import create_account, prepare_account
from app.people.email_addresses import parse_email
from app.runtime.requests import client_address
from app.ui.page_kit import SubmittedForm
from app.web.account.emails import sign_up_letter
from app.web.account.urls import letter_sent
from app.web.password_proof import count_attempt
from app.web.sign_in.pages import open_page, page_again

TAKEN = "There can be no new account for this email. If it is yours, sign in instead."


async def show_sign_up(server: OAuthContext, request: Request) -> Response:
    """GET /oauth/sign-up."""
    return await open_page(server, request, "sign-up")


async def post_sign_up(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/sign-up: person, password, household and session in one transaction; on to consent.

    With a mail server a letter is sent instead, whose link leads on, and the answer is the same for every address.
    """
    form = await server.kit.submitted_form(request, "sign-up", REQUEST)
    if form is None:
        return out_of_date(server)
    try:
        await count_attempt(server, request)
        if server.mailer.enabled:
            return await _send_link(server, request, form)
        email, password, name = (form.fields.one(field) for field in ("email", "password", "name"))
        requester = client_address(request)
        account = await prepare_account(server.password_sign_in.hashing, email, password, name, requester=requester)
    except AppError as error:
        refused(server, request, Action.SIGN_UP, error.code, email_hash=email_hash_of(server, form.fields))
        return page_again(server, "sign-up", form, error)
    household_id = new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        now = server.clock()
        person = await create_account(connection, account, now)
        if person is None:
            refused(server, request, Action.SIGN_UP, "taken", email_hash=email_hash_of(server, form.fields))
            return page_again(server, "sign-up", form, Invalid(TAKEN, field="email"))
        await record(
            connection,
            entry_of(server, request, Action.SIGN_UP, person_id=person.id, household_id=household_id),
        )
        await create_first_household(connection, household_id, person, now)
        # When the request is gone meanwhile the account stays: the person signs in at the next attempt.
        response = await continue_as(server, connection, form.session.cookie, request_of(form), person)
        return response or out_of_date(server)


async def _send_link(server: OAuthContext, request: Request, form: SubmittedForm) -> Response:
    email = parse_email(form.fields.one("email"))
    async with transaction(server.engine) as connection:
        await server.login_throttle.count_email(connection, "sign_up", email, client_address(request), server.clock())
    server.mailer.put(partial(sign_up_letter, server, email, request_of(form)))
    text = (
        f"A letter to {email.address} is on its way. Open the link in it in this browser, and you come back here. It "
        "is good for a day; your app waits for ten minutes, and has to be connected again after that."
    )
    return letter_sent(server, text, f"/oauth/sign-up?request={request_of(form)}")
