"""The second step of signing in: after the password, a passkey of the same person."""

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.people.models import Person
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.keeping import recover, use_passkey
from app.people.passkeys.repository import end_half_sign_in, find_half_signed_in
from app.people.repository import lock_person
from app.runtime.addresses import client_address
from app.ui.page_kit import BrowserSession
from app.ui.paths import SECOND_STEP
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.passkeys.questions import question
from app.web.passkeys.sign_in import UNKNOWN
from app.web.sign_in import forms_of

CODE: Final = "/code"
"""Below the second step: the form that takes a recovery code."""

BY_BOTH: Final = "password and passkey"
BY_CODE: Final = "recovery code"
"""What the audit log calls them."""

_NO_CODE: Final = gettext_noop("This is none of your codes, or it was used before.")


async def show_second_step(web: WebContext, to: Destinations, request: Request) -> Response:
    """GET /account/second-step and /oauth/second-step; without a first step, back to the sign-in page."""
    destination = to.parse(request.query_params.get(to.field, ""))
    async with transaction(web.kit.engine) as connection:
        session = await web.kit.read_session(request, connection)
        app_name = await to.app_name(connection, session.cookie, destination)
        person = await find_half_signed_in(connection, session.cookie, web.kit.clock())
    if app_name is None:
        return to.out_of_date()
    if session.person is not None:
        return web.kit.see_other(to.path(destination))
    if person is None:
        return web.kit.see_other(f"{to.base}/sign-in?{urlencode({to.field: destination})}")
    return _page(web, to, session, person, destination, app_name)


async def post_second_step(
    web: WebContext, passkeys: PasskeyChallenges, to: Destinations, request: Request
) -> Response:
    """POST /account/second-step and /oauth/second-step: on to the destination, or the page again."""
    form = await web.kit.submitted_form(request, f"{to.base}{SECOND_STEP}", to.bound_field)
    if form is None:
        return to.out_of_date()
    destination, cookie = to.parse(form.fields.one(to.field)), form.session.cookie
    async with transaction(web.kit.engine) as connection:
        half = await find_half_signed_in(connection, cookie, web.kit.clock())
    if half is None:
        return to.out_of_date()
    try:
        await web.count_attempt(request)
        answer, address = form.fields.one("credential"), client_address(request)
        verified = await passkeys.verify(cookie, "second_step", answer, address, half)
        if verified is None:
            raise Invalid(UNKNOWN)
        async with transaction(web.kit.engine) as connection:
            person = await use_passkey(connection, verified, web.kit.clock())
            if person is None:
                raise Invalid(UNKNOWN)
            # A new password, or signing out everywhere, ends the first step.
            if await find_half_signed_in(connection, cookie, web.kit.clock()) is None:
                return to.out_of_date()
            await end_half_sign_in(connection, cookie)
            response = await to.enter(connection, cookie, destination, person)
            if response is not None:
                entry = web.audit_entry(request, Action.SIGN_IN, person_id=person.id, detail=BY_BOTH)
                await record(connection, entry)
            return response or to.out_of_date()
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, person_id=half.id, detail=BY_BOTH)
        return _page(web, to, form.session, half, destination, error=error)


async def post_recovery_code(
    web: WebContext, passkeys: PasskeyChallenges, to: Destinations, request: Request
) -> Response:
    """POST /account/second-step/code and /oauth/second-step/code: on to the destination, or the page again.

    Every other session of the person ends; apps and keys stay.
    """
    form = await web.kit.submitted_form(request, f"{to.base}{SECOND_STEP}{CODE}", to.bound_field)
    if form is None:
        return to.out_of_date()
    destination, cookie, now = to.parse(form.fields.one(to.field)), form.session.cookie, web.kit.clock()
    async with transaction(web.kit.engine) as connection:
        half = await find_half_signed_in(connection, cookie, now)
    if half is None:
        return to.out_of_date()
    try:
        await web.count_attempt(request)
        code, address = form.fields.one("code"), client_address(request)
        async with transaction(web.kit.engine) as connection:
            await lock_person(connection, half.id)
            # A new password, or signing out everywhere, ends the first step.
            if await find_half_signed_in(connection, cookie, now) is None:
                return to.out_of_date()
            if await recover(connection, passkeys.throttle, half, code, address, now):
                response = await to.enter(connection, cookie, destination, half)
                if response is not None:
                    entry = web.audit_entry(request, Action.SIGN_IN, person_id=half.id, detail=BY_CODE)
                    await record(connection, entry)
                return response or to.out_of_date()
        raise Invalid(_NO_CODE, field="code")  # after the commit, so that the attempt counts
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, person_id=half.id, detail=BY_CODE)
        return _page(web, to, form.session, half, destination, error=error)


def _page(
    web: WebContext,
    to: Destinations,
    session: BrowserSession,
    person: Person,
    destination: str,
    app_name: str = "",
    error: AppError | None = None,
) -> Response:
    return web.kit.show(
        session,
        "passkeys/second_step.html",
        error,
        **forms_of(web, to, session, destination, {"form_token": SECOND_STEP, "code_token": f"{SECOND_STEP}{CODE}"}),
        ask=question(web, session, "second_step"),
        app_name=app_name,
        email=person.email,
    )
