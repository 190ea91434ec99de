"""Signing in with a password, and signing out: for the account, and on the way of a client's request."""

from collections.abc import Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.people.email_addresses import parse_email
from app.people.models import PasswordAccount
from app.people.passkeys.repository import needs_passkey
from app.people.password_sign_in import still_holds
from app.people.session_repository import close_all_sessions, find_person_for_change
from app.runtime.addresses import client_address
from app.ui.forms import Fields, read_form, typed
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.passkeys.questions import PASSKEY, question

SIGN_OUT_EVERYWHERE = "/account/sign-out-everywhere"
WRONG = gettext_noop("The email or the password is wrong.")


async def show_sign_in(web: WebContext, to: Destinations, request: Request) -> Response:
    """GET /account/sign-in and /oauth/sign-in."""
    return await open_page(web, to, request, partial(sign_in_page, web, to))


async def open_page(
    web: WebContext, to: Destinations, request: Request, page: Callable[[BrowserSession, str, str], Response]
) -> Response:
    """Return the `page` for a session, a destination and the name of its app, or go on if someone is signed in."""
    destination = to.parse(request.query_params.get(to.field, ""))
    async with transaction(web.kit.engine) as connection:
        session = await web.kit.read_session(request, connection)
        app_name = await to.app_name(connection, session.cookie, destination)
        if app_name is None:
            return await to.gone(connection, session.cookie, destination)
    if session.person is not None:
        return web.kit.see_other(to.path(destination))
    return page(session, destination, app_name)


async def post_sign_in(web: WebContext, to: Destinations, request: Request) -> Response:
    """POST /account/sign-in and /oauth/sign-in: on to the destination, or the page again.

    An unknown email and a wrong password get the same answer.
    """
    fields = await read_form(request)
    purpose = f"{to.base}/sign-in"
    form = await web.kit.proven_form(request, fields, purpose, to.bound_field)
    if form is None:
        return await sent_before(web, to, request, fields, purpose)
    destination = to.parse("")
    try:
        destination = to.parse(form.fields.one(to.field))
        return await _sign_in(web, to, request, form, destination) or to.out_of_date()
    except AppError as error:
        web.record_refusal(request, Action.SIGN_IN, error.code, email_hash=web.email_hash(form.fields))
        return sign_in_page(web, to, form.session, destination, error=error, email=typed(form.fields, "email"))


async def _sign_in(
    web: WebContext, to: Destinations, request: Request, form: SubmittedForm, destination: str
) -> Response | None:
    account = await verify_password(web, request, form.fields.one("email"), form.fields.one("password"))
    if account is None:
        raise Invalid(WRONG)
    return await enter_with_password(web, to, request, form, destination, account)


async def enter_with_password(
    web: WebContext, to: Destinations, request: Request, form: SubmittedForm, destination: str, account: PasswordAccount
) -> Response | None:
    """Sign in whose password was just verified, or go to their second step; None if the destination is gone.

    Raises `Invalid` if the password has changed meanwhile.
    """
    async with transaction(web.kit.engine) as connection:
        if not await still_holds(connection, account):
            raise Invalid(WRONG)
        if web.passkeys is not None and await needs_passkey(connection, account.person.id):
            return await to.hold(connection, form.session.cookie, destination, account.person)
        response = await to.enter(connection, form.session.cookie, destination, account.person)
        if response is not None:
            await record(connection, web.audit_entry(request, Action.SIGN_IN, person_id=account.person.id))
        return response


async def sent_before(web: WebContext, to: Destinations, request: Request, fields: Fields, purpose: str) -> Response:
    """Return the answer to a form for `purpose` that is no longer this browser's own, or never was.

    A double click may send a form once more when the browser has the cookie of the first answer, but not yet the page.
    Whoever has just signed in by it goes on, if it is their email that was typed. That changes nothing, so the password
    is not looked at.
    """
    async with transaction(web.kit.engine) as connection:
        form = await web.kit.earlier_form(request, connection, fields, purpose, to.bound_field)
        person = None if form is None else form.session.person
        if form is None or person is None or not _is_same(person.email or "", typed(fields, "email")):
            return to.out_of_date()
        return await to.gone(connection, form.session.cookie, to.parse(typed(fields, to.field)))


def _is_same(email: str, other: str) -> bool:
    try:
        return parse_email(email).key == parse_email(other).key
    except Invalid:
        return False


async def verify_password(web: WebContext, request: Request, email: str, password: str) -> PasswordAccount | None:
    """Return the account with this email and password; its user asks `still_holds`. The attempt is counted.

    Raises `Invalid`, `LimitReached`, `Unavailable`.
    """
    await web.count_attempt(request)
    return await web.password_sign_in.sign_in(email, password, client_address(request))


async def post_sign_out(web: WebContext, to: Destinations, request: Request) -> Response:
    """POST /account/sign-out, and /oauth/sign-out ("Not you?"): end this browser's session and ask who it is."""
    form = await web.kit.submitted_form(request, f"{to.base}/sign-out", to.bound_field)
    if form is None:
        return to.out_of_date()
    destination = to.parse(form.fields.one(to.field))
    async with transaction(web.kit.engine) as connection:
        response = await to.enter(connection, form.session.cookie, destination, None)
        if response is not None and form.session.person is not None:
            await record(connection, web.audit_entry(request, Action.SIGN_OUT, person_id=form.session.person.id))
        return response or to.out_of_date()


async def post_sign_out_everywhere(web: WebContext, request: Request) -> Response:
    """POST /account/sign-out-everywhere: end every session of the person, this one too. Apps stay connected."""
    to = web.account_pages
    form = await web.kit.submitted_form(request, SIGN_OUT_EVERYWHERE)
    if form is None:
        return to.out_of_date()
    async with transaction(web.kit.engine) as connection:
        person = await find_person_for_change(connection, form.session.cookie, web.kit.clock())
        if person is None:
            return to.out_of_date()
        await close_all_sessions(connection, person.id)
        entry = web.audit_entry(request, Action.SIGN_OUT, person_id=person.id, detail="everywhere")
        await record(connection, entry)
        return await to.enter(connection, form.session.cookie, "", None)


def forms_of(
    web: WebContext, to: Destinations, session: BrowserSession, destination: str, tokens: Mapping[str, str]
) -> dict[str, str]:
    """Return what a page on the way to a destination needs for its forms: where they go, the field with the
    destination, and the CSRF token of each; `tokens` are the paths of the forms below `to.base`, by the names of their
    tokens."""
    bound = destination if to.bound_field else ""
    return {
        "forms": to.base,
        "field": to.field,
        "destination": destination,
        **{name: web.kit.csrf_token(session, f"{to.base}{below}", bound) for name, below in tokens.items()},
    }


def sign_in_page(
    web: WebContext,
    to: Destinations,
    session: BrowserSession,
    destination: str,
    app_name: str = "",
    *,
    error: AppError | None = None,
    email: str = "",
) -> Response:
    """Return the page; `error` is why the last attempt was refused, and `email` what was typed."""
    return web.kit.show(
        session,
        "sign_in.html",
        error,
        **forms_of(
            web,
            to,
            session,
            destination,
            {"form_token": "/sign-in", "provider_token": "/upstream", "passkey_token": PASSKEY},
        ),
        ask=question(web, session, "sign_in"),
        provider=web.oidc_provider.name if web.oidc_provider else None,
        has_passwords=web.has_passwords,
        for_app=to.request_id(destination) is not None,
        app_name=app_name,
        email=email,
    )
