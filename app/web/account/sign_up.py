"""Making an account by the link of a sign-up letter: whoever reads the mailbox chooses the password."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import new_id, transaction
from app.errors import AppError, Invalid
from app.lists.first_list import create_first_household
from app.oauth.auditing import entry_of, refused
from app.oauth.authorize.pending_request import continue_as, uuid_or_none
from app.oauth.context import OAuthContext
from app.people.accounts import create_account, prepare_account
from app.people.email_links import EmailLink, take_link
from app.runtime.requests import client_address
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession
from app.web.account.urls import ACCOUNT_MADE, dead_link, enter, find_link, submitted_link_form
from app.web.password_proof import count_attempt

TO_MAKE = "make an account"


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form is about, and what was typed into it: `link` is what `secret` stands for."""

    secret: str
    link: EmailLink
    request_id: UUID | None
    name: str = ""


async def show_new(server: OAuthContext, request: Request) -> Response:
    """GET /account/new: the form behind the link. Nothing is used up by looking."""
    visit, parameters = await server.kit.read_session(request), request.query_params
    secret = parameters.get("link", "")
    link = await find_link(server, secret, "sign_up")
    if link is None:
        return dead_link(server, "sign_up")
    return _page(server, visit, Filled(secret, link, uuid_or_none(parameters.get("request", ""))))


async def post_new(server: OAuthContext, request: Request) -> Response:
    """POST /account/new: person, password, household and session in one transaction.

    Goes on with the authorization request if it began in this browser and still waits, else to the account.
    """
    form = await submitted_link_form(server, request, TO_MAKE, "sign_up")
    if isinstance(form, Response):
        return form
    filled = Filled(form.secret, form.link, uuid_or_none(form.fields.one("request")), typed(form.fields, "name"))
    household_id = new_id()
    try:
        await count_attempt(server, request)
        password, name = (form.fields.one(field) for field in ("password", "name"))
        requester = client_address(request)
        account = await prepare_account(
            server.password_sign_in.hashing, form.link.email, password, name, requester=requester
        )
        async with transaction(server.engine, household_id=household_id) as connection:
            now = server.clock()
            if await take_link(connection, form.secret, "sign_up", now) is None:
                return dead_link(server, "sign_up")
            person = await create_account(connection, account, now, verified=True)
            if person is None:
                raise Invalid("There is an account with this address by now. Sign in with it.", field="email")
            known = {"person_id": person.id, "household_id": household_id}
            await record(connection, entry_of(server, request, Action.SIGN_UP, **known))
            await create_first_household(connection, household_id, person, now)
            if filled.request_id is not None:
                answer = await continue_as(server, connection, form.session.cookie, filled.request_id, person)
                if answer is not None:
                    return answer
            return await enter(server, connection, form.session.cookie, person, ACCOUNT_MADE)
    except AppError as error:
        refused(server, request, Action.SIGN_UP, error.code, email_hash=server.audit.email_hash(form.link.email))
        return _page(server, form.session, filled, error)


def _page(server: OAuthContext, visit: BrowserSession, filled: Filled, error: AppError | None = None) -> Response:
    return server.kit.show(
        visit,
        "new_account.html",
        error,
        form_token=server.kit.csrf_token(visit, TO_MAKE),
        link=filled.secret,
        request_id=filled.request_id or "",
        email=filled.link.email,
        name=filled.name,
    )
