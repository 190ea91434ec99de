"""Signing in with a passkey instead of email and password."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.keeping import use_passkey
from app.runtime.addresses import client_address
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.passkeys.questions import PASSKEY
from app.web.sign_in import sign_in_page

BY_PASSKEY: Final = "passkey"
"""What the audit log calls it."""

UNKNOWN: Final = gettext_noop("This passkey does not work here. Try again, or sign in another way.")


async def post_passkey(web: WebContext, passkeys: PasskeyChallenges, to: Destinations, request: Request) -> Response:
    """POST /account/passkey and /oauth/passkey: on to the destination, or the sign-in page again.

    Every passkey that does not work gets the same answer.
    """
    form = await web.kit.submitted_form(request, f"{to.base}{PASSKEY}", to.bound_field)
    if form is None:
        return to.out_of_date()
    destination, cookie = to.parse(""), form.session.cookie
    try:
        destination = to.parse(form.fields.one(to.field))
        await web.count_attempt(request)
        answer, address = form.fields.one("credential"), client_address(request)
        verified = await passkeys.verify(cookie, "sign_in", answer, address, None)
        if verified is None:
            raise Invalid(UNKNOWN)
        async with transaction(web.kit.engine) as connection:
            person = await use_passkey(connection, verified, web.kit.clock())
            if person is None:
                raise Invalid(UNKNOWN)
            response = await to.enter(connection, cookie, destination, person)
            if response is not None:
                entry = web.audit_entry(request, Action.SIGN_IN, person_id=person.id, detail=BY_PASSKEY)
                await record(connection, entry)
            return response or to.out_of_date()
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, detail=BY_PASSKEY)
        return sign_in_page(web, to, form.session, destination, error=error)
