"""Signing in with a recovery code, for accounts that have no password."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.people.email_addresses import parse_email
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.newcomers import recover_account
from app.runtime.addresses import client_address
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.passkeys.second_step import BY_CODE
from app.web.sign_in import forms_of, open_page

RECOVERY: Final = "/recovery"
"""Below `/account` or `/oauth`."""

_WRONG: Final = gettext_noop(
    "The email or the code is wrong, or the code was used before. If you have a password, sign in with it first."
)


async def show_recovery(web: WebContext, to: Destinations, request: Request) -> Response:
    """GET /account/recovery and /oauth/recovery."""
    return await open_page(web, to, request, partial(_page, web, to))


async def post_recovery(web: WebContext, passkeys: PasskeyChallenges, to: Destinations, request: Request) -> Response:
    """POST /account/recovery and /oauth/recovery: on to the destination, or the page again.

    Every refusal is the same, whether there is such an account or not. Other sessions of the person end.
    """
    form = await web.kit.submitted_form(request, f"{to.base}{RECOVERY}", to.bound_field)
    if form is None:
        return to.out_of_date()
    destination = to.parse("")
    try:
        destination = to.parse(form.fields.one(to.field))
        await web.count_attempt(request)
        email, code, address = parse_email(form.fields.one("email")), form.fields.one("code"), client_address(request)
        async with transaction(web.kit.engine) as connection:
            person = await recover_account(connection, passkeys.throttle, email, code, address, web.kit.clock())
            if person is not None:
                response = await to.enter(connection, form.session.cookie, destination, person)
                if response is not None:
                    entry = web.audit_entry(request, Action.SIGN_IN, person_id=person.id, detail=BY_CODE)
                    await record(connection, entry)
                return response or to.out_of_date()
        raise Invalid(_WRONG)  # after the commit, so that the attempt counts
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, email_hash=web.email_hash(form.fields), detail=BY_CODE)
        return _page(web, to, form.session, destination, error=error, email=typed(form.fields, "email"))


def _page(
    web: WebContext,
    to: Destinations,
    session: BrowserSession,
    destination: str,
    app_name: str = "",
    *,
    error: AppError | None = None,
    email: str = "",
) -> Response:
    return web.kit.show(
        session,
        "passkeys/recovery.html",
        error,
        **forms_of(web, to, session, destination, {"form_token": RECOVERY}),
        app_name=app_name,
        email=email,
    )
