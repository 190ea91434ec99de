"""What browsers are asked to sign: a challenge for each time that somebody wants to use a passkey."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.limits.defaults import PASSKEY_CHALLENGES
from app.people.passkeys.models import PURPOSES, Purpose
from app.people.passkeys.newcomers import newcomer
from app.people.passkeys.repository import find_half_signed_in
from app.runtime.addresses import client_address
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext

QUESTION: Final = "/account/passkey-question"

PASSKEY: Final = "/passkey"
"""Below `/account` or `/oauth`: the form that signs in with a passkey."""

_PURPOSES: Final[Mapping[str, Purpose]] = {each: each for each in PURPOSES}


@dataclass(frozen=True, slots=True)
class Question:
    """What a page needs so that its script can ask: the purpose, and the CSRF token for it."""

    purpose: Purpose
    form_token: str


def question(web: WebContext, session: BrowserSession, purpose: Purpose) -> Question | None:
    """Return what a page needs to ask for a passkey; None where people can't have any."""
    if web.passkeys is None:
        return None
    return Question(purpose, web.kit.csrf_token(session, QUESTION, purpose))


async def post_question(web: WebContext, request: Request) -> Response:
    """POST /account/passkey-question: a new challenge, as the JSON that browsers take (WebAuthn section 5.1.10).

    A stranger gets one that says nothing of who has an account.
    """
    form = await web.kit.submitted_form(request, QUESTION, "purpose")
    if form is None or web.passkeys is None:
        return web.account_pages.out_of_date()
    purpose = _PURPOSES[form.fields.one("purpose")]  # the CSRF token covers it: we wrote it
    await web.limiter.check(PASSKEY_CHALLENGES, client_address(request))
    cookie = form.session.cookie
    async with transaction(web.kit.engine) as connection:
        person = form.session.person
        if purpose == "second_step":
            person = await find_half_signed_in(connection, cookie, web.kit.clock())
        if person is None and purpose == "add":
            who = newcomer(typed(form.fields, "email"), typed(form.fields, "name"))
            asked = await web.passkeys.ask_newcomer(connection, cookie, who.email.address, who.name)
            return _answer(asked)
        if person is None and purpose != "sign_in":
            return web.account_pages.out_of_date()
        asked = await web.passkeys.ask(connection, cookie, purpose, None if purpose == "sign_in" else person)
    return _answer(asked)


def _answer(asked: str) -> Response:
    return Response(asked, media_type="application/json", headers={"Cache-Control": "no-store"})
