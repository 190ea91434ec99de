"""Asking once more who it is, before something that whoever found an open browser must not do.

Confirming is signing in again as the same person: the browser gets a new session, and what asks looks at when it began.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.errors import AppError, Invalid, gettext_noop
from app.people.models import Person
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.keeping import use_passkey
from app.people.passkeys.repository import count_passkeys, needs_passkey
from app.people.password_sign_in import still_holds
from app.people.repository import find_profile
from app.people.session_repository import find_person_for_change, signed_in_since
from app.runtime.addresses import client_address
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.passkeys.questions import question
from app.web.passkeys.sign_in import UNKNOWN
from app.web.sign_in import verify_password

CONFIRM: Final = "/account/confirm"
BY_PASSKEY: Final = "/account/confirm/passkey"
CONFIRMED_FOR: Final = timedelta(minutes=10)

AGAIN: Final = "again"
"""What the audit log calls it."""

_WRONG: Final = gettext_noop("The password is wrong.")


async def is_confirmed(web: WebContext, connection: Connection, session: BrowserSession) -> bool:
    """Return whether the person signed in at this browser within CONFIRMED_FOR."""
    since = await signed_in_since(connection, session.cookie)
    return since is not None and since > web.kit.clock() - CONFIRMED_FOR


def confirm_first(web: WebContext, path: str) -> Response:
    """Lead to the page, which leads back to `path`."""
    return web.kit.see_other(f"{CONFIRM}?{urlencode({'next': path})}")


async def show_confirm(web: WebContext, request: Request) -> Response:
    """GET /account/confirm."""
    destination = web.account_pages.parse(request.query_params.get("next", ""))
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?{urlencode({'next': destination})}")
    return await _page(web, session, session.person, destination)


async def post_confirm(web: WebContext, request: Request) -> Response:
    """POST /account/confirm: with the password."""
    return await _posted(web, request, CONFIRM, _by_password)


async def post_confirm_by_passkey(web: WebContext, passkeys: PasskeyChallenges, request: Request) -> Response:
    """POST /account/confirm/passkey."""
    return await _posted(web, request, BY_PASSKEY, partial(_by_passkey, passkeys))


_Proof = Callable[[WebContext, Request, SubmittedForm, Person], Awaitable[Callable[[Connection], Awaitable[None]]]]
"""Checks what a form proves; what it returns checks, in the transaction, that it still holds. Both raise `AppError`."""


async def _posted(web: WebContext, request: Request, path: str, prove: _Proof) -> Response:
    """Go on to the destination, in a new session; or show the page again."""
    form = await web.kit.submitted_form(request, path)
    person = form.session.person if form else None
    if form is None or person is None:
        return web.account_pages.out_of_date()
    destination, cookie = ACCOUNT, form.session.cookie
    try:
        destination = web.account_pages.parse(form.fields.one("next"))
        check_again = await prove(web, request, form, person)
        async with transaction(web.kit.engine) as connection:
            if await find_person_for_change(connection, cookie, web.kit.clock()) != person:
                return web.account_pages.out_of_date()
            await check_again(connection)
            await record(connection, web.audit_entry(request, Action.SIGN_IN, person_id=person.id, detail=AGAIN))
            return await web.account_pages.enter(connection, cookie, destination, person)
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, person_id=person.id, detail=AGAIN)
        return await _page(web, form.session, person, destination, error)


async def _by_password(
    web: WebContext, request: Request, form: SubmittedForm, person: Person
) -> Callable[[Connection], Awaitable[None]]:
    account = await verify_password(web, request, person.email or "", form.fields.one("password"))
    if account is None or account.person.id != person.id:
        raise Invalid(_WRONG, field="password")

    async def check_again(connection: Connection) -> None:
        if not await still_holds(connection, account):
            raise Invalid(_WRONG, field="password")
        if await needs_passkey(connection, person.id):
            raise Invalid("Use a passkey: your password is not enough.", field="password")

    return check_again


async def _by_passkey(
    passkeys: PasskeyChallenges, web: WebContext, request: Request, form: SubmittedForm, person: Person
) -> Callable[[Connection], Awaitable[None]]:
    await web.count_attempt(request)
    answer, address = form.fields.one("credential"), client_address(request)
    verified = await passkeys.verify(form.session.cookie, "confirm", answer, address, person)
    if verified is None:
        raise Invalid(UNKNOWN)

    async def check_again(connection: Connection) -> None:
        if await use_passkey(connection, verified, web.kit.clock()) is None:
            raise Invalid(UNKNOWN)

    return check_again


async def _page(
    web: WebContext, session: BrowserSession, person: Person, destination: str, error: AppError | None = None
) -> Response:
    async with transaction(web.kit.engine) as connection:
        profile = await find_profile(connection, person.id)
        has_passkeys = await count_passkeys(connection, person.id) > 0
        with_password = profile.has_password and web.has_passwords and not await needs_passkey(connection, person.id)
    provider = web.oidc_provider if person.email is None else None
    return web.kit.show(
        session,
        "passkeys/confirm.html",
        error,
        destination=destination,
        form_token=web.kit.csrf_token(session, CONFIRM),
        passkey_token=web.kit.csrf_token(session, BY_PASSKEY),
        email=person.email,
        with_password=with_password,
        ask=question(web, session, "confirm") if has_passkeys else None,
        provider=provider.name if provider else None,
        provider_token=web.kit.csrf_token(session, "/account/upstream"),
    )
