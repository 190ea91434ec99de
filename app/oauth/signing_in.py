"""The sign-in and sign-up pages."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import new_id, transaction
from app.errors import AppError, Invalid, LimitReached
from app.oauth.auditing import entry_of, refused
from app.oauth.journey import PostedForm, change_person, form_subject, open_request, out_of_date, posted_form, see_other
from app.oauth.server import AuthorizationServer, address_of
from app.oauth.store.clients import find_client
from app.people.accounts import create_account, prepare_account, sign_in
from app.people.sessions import find_person

SIGN_IN = "sign-in"
SIGN_UP = "sign-up"
SIGN_OUT = "sign-out"

WRONG = "The email or the password is wrong."
TAKEN = "There can be no new account for this email. If it is yours, sign in instead."


async def show_sign_in(server: AuthorizationServer, request: Request) -> Response:
    """GET /oauth/sign-in."""
    return await _show(server, request, SIGN_IN)


async def show_sign_up(server: AuthorizationServer, request: Request) -> Response:
    """GET /oauth/sign-up."""
    return await _show(server, request, SIGN_UP)


async def post_sign_in(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/sign-in: on to consent, or the page again; an unknown email and a wrong password answer alike."""
    form = await posted_form(server, request, SIGN_IN)
    if form is None:
        return out_of_date(server)
    try:
        await _count(server, request)
        email, password = form.fields.one("email"), form.fields.one("password")
        person = await sign_in(server.engine, server.hashing, email, password)
        if person is None:
            raise Invalid(WRONG)
    except AppError as error:
        refused(server, request, Action.SIGN_IN, error.code, email_hash=_email_hash(server, form))
        return _form_page(server, SIGN_IN, form, error)
    async with transaction(server.engine) as connection:
        response = await change_person(server, connection, form, person)
        if response is not None:
            await record(connection, entry_of(server, request, Action.SIGN_IN, person_id=person.id))
        return response or out_of_date(server)


async def post_sign_up(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/sign-up: person, password, household and session in one transaction; on to consent."""
    form = await posted_form(server, request, SIGN_UP)
    if form is None:
        return out_of_date(server)
    try:
        await _count(server, request)
        email, password, name = (form.fields.one(field) for field in ("email", "password", "name"))
        account = await prepare_account(server.hashing, email, password, name)
    except AppError as error:
        refused(server, request, Action.SIGN_UP, error.code, email_hash=_email_hash(server, form))
        return _form_page(server, SIGN_UP, form, error)
    household_id = new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        person = await create_account(connection, account, server.clock())
        if person is None:
            refused(server, request, Action.SIGN_UP, "taken", email_hash=_email_hash(server, form))
            return _form_page(server, SIGN_UP, form, Invalid(TAKEN, field="email"))
        await record(
            connection,
            entry_of(server, request, Action.SIGN_UP, person_id=person.id, household_id=household_id),
        )
        await server.found_household(connection, household_id, person)
        # When the request is gone meanwhile the account stays: the person signs in at the next attempt.
        return await change_person(server, connection, form, person) or out_of_date(server)


async def post_sign_out(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/sign-out, "not you?": ends the session and asks who it is instead."""
    form = await posted_form(server, request, SIGN_OUT)
    if form is None:
        return out_of_date(server)
    async with transaction(server.engine) as connection:
        person = await find_person(connection, form.cookie, server.clock())
        response = await change_person(server, connection, form, None)
        if response is not None and person is not None:
            await record(connection, entry_of(server, request, Action.SIGN_OUT, person_id=person.id))
        return response or out_of_date(server)


async def _show(server: AuthorizationServer, request: Request, purpose: str) -> Response:
    async with transaction(server.engine) as connection:
        opened = await open_request(server, connection, request)
        if opened is None:
            return out_of_date(server)
        waiting, cookie = opened
        if await find_person(connection, cookie, server.clock()) is not None:
            return see_other(server, f"/oauth/consent?request={waiting.id}")
        client = await find_client(connection, waiting.client_id)
    return server.pages.page(
        f"{purpose.replace('-', '_')}.html",
        request_id=waiting.id,
        form_token=server.guard.token(cookie, purpose, form_subject(waiting.id)),
        client_name=client.name if client else "",
        email="",
        name="",
        error=None,
    )


async def _count(server: AuthorizationServer, request: Request) -> None:
    seconds = await server.sign_ins.hit(address_of(request))
    if seconds is not None:
        raise LimitReached(f"Too many attempts from your network. Try again in {seconds} seconds.", retry_after=seconds)


def _form_page(server: AuthorizationServer, purpose: str, form: PostedForm, error: AppError) -> Response:
    """The form again with what was wrong; what was typed stays, but for the password."""
    status = {"limit": 429, "unavailable": 503}.get(error.code, 400)
    response = server.pages.page(
        f"{purpose.replace('-', '_')}.html",
        status=status,
        request_id=form.request_id,
        form_token=server.guard.token(form.cookie, purpose, form_subject(form.request_id)),
        client_name="",
        error={"message": error.message, "field": error.field},
        **{name: _typed(form, name) for name in ("email", "name")},
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _email_hash(server: AuthorizationServer, form: PostedForm) -> str | None:
    typed = _typed(form, "email")
    return server.audit.email_hash(typed) if typed else None


def _typed(form: PostedForm, name: str) -> Any:
    try:
        return form.fields.one(name)[:254]
    except Invalid:
        return ""
