"""The sign-in and sign-up pages."""

from functools import partial
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import new_id, transaction
from app.errors import AppError, Invalid, LimitReached
from app.oauth.account.letters import sign_up_letter
from app.oauth.auditing import email_hash_of, entry_of, refused
from app.oauth.client_ids import host_of, is_document_id
from app.oauth.journey import PostedForm, change_person, form_subject, open_request, out_of_date, posted_form, see_other
from app.oauth.server import AuthorizationServer
from app.oauth.store.clients import find_client
from app.ops.requests import address_of
from app.people.accounts import create_account, prepare_account, still_holds
from app.people.emails import parse_email
from app.people.sessions import find_person
from app.ui.forms import typed
from app.ui.refusals import say_when, status_of_refusal

SIGN_IN = "sign-in"
SIGN_UP = "sign-up"
SIGN_OUT = "sign-out"
UPSTREAM = "upstream"

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
        await count_attempt(server, request)
        email, password = form.fields.one("email"), form.fields.one("password")
        account = await server.entry.sign_in(email, password, address_of(request))
        if account is None:
            raise Invalid(WRONG)
        async with transaction(server.engine) as connection:
            if not await still_holds(connection, account):
                raise Invalid(WRONG)
            response = await change_person(server, connection, form, account.person)
            if response is not None:
                await record(connection, entry_of(server, request, Action.SIGN_IN, person_id=account.person.id))
            return response or out_of_date(server)
    except AppError as error:
        refused(server, request, Action.SIGN_IN, error.code, email_hash=email_hash_of(server, form.fields))
        return _form_page(server, SIGN_IN, form, error)


async def post_sign_up(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/sign-up: person, password, household and session in one transaction; on to consent.

    With a mail server a letter is sent instead, whose link leads on, and the answer is the same for every address.
    """
    form = await posted_form(server, request, SIGN_UP)
    if form is None:
        return out_of_date(server)
    try:
        await count_attempt(server, request)
        if server.mailer.enabled:
            return await _send_link(server, request, form)
        email, password, name = (form.fields.one(field) for field in ("email", "password", "name"))
        account = await prepare_account(server.entry.hashing, email, password, name)
    except AppError as error:
        refused(server, request, Action.SIGN_UP, error.code, email_hash=email_hash_of(server, form.fields))
        return _form_page(server, SIGN_UP, form, error)
    household_id = new_id()
    async with transaction(server.engine, household_id=household_id) as connection:
        person = await create_account(connection, account, server.clock())
        if person is None:
            refused(server, request, Action.SIGN_UP, "taken", email_hash=email_hash_of(server, form.fields))
            return _form_page(server, SIGN_UP, form, Invalid(TAKEN, field="email"))
        await record(
            connection,
            entry_of(server, request, Action.SIGN_UP, person_id=person.id, household_id=household_id),
        )
        await server.found_household(connection, household_id, person)
        # When the request is gone meanwhile the account stays: the person signs in at the next attempt.
        return await change_person(server, connection, form, person) or out_of_date(server)


async def _send_link(server: AuthorizationServer, request: Request, form: PostedForm) -> Response:
    email = parse_email(form.fields.one("email"))
    async with transaction(server.engine) as connection:
        await server.slow_down.begin_letter(connection, email, address_of(request), server.clock())
    server.mailer.put(partial(sign_up_letter, server, email, form.request_id))
    return server.pages.message(
        "Look into your mailbox",
        f"A letter to {email.address} is on its way. Open the link in it in this browser, and you come back here. "
        "It is good for a day. Nothing has come? Look among the unwanted mail, and check the address.",
        status=200,
    )


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
    # What a document says is asked for after the sign-in; until then its site is all there is to show.
    shown = host_of(waiting.client_id) if is_document_id(waiting.client_id) else client.name if client else ""
    return server.pages.page(
        f"{purpose.replace('-', '_')}.html",
        request_id=waiting.id,
        form_token=server.guard.token(cookie, purpose, form_subject(waiting.id)),
        client_name=shown,
        email="",
        name="",
        by_mail=server.mailer.enabled,
        error=None,
        **_ways(server, cookie, waiting.id),
    )


def _ways(server: AuthorizationServer, cookie: str, request_id: UUID) -> dict[str, Any]:
    """The ways to sign in: with a password, at another provider, or either."""
    return {
        "has_passwords": server.settings.has_passwords,
        "upstream_name": server.upstream.name if server.upstream else None,
        "upstream_token": server.guard.token(cookie, UPSTREAM, form_subject(request_id)),
    }


async def count_attempt(server: AuthorizationServer, request: Request) -> None:
    """Count an attempt that costs work. Raises `LimitReached` for an address with too many."""
    seconds = await server.limits.sign_ins.hit(address_of(request))
    if seconds is not None:
        raise LimitReached(f"Too many attempts from your network. Try again in {seconds} seconds.", retry_after=seconds)


def _form_page(server: AuthorizationServer, purpose: str, form: PostedForm, error: AppError) -> Response:
    """The form again with what was wrong; what was typed stays, but for the password."""
    status = status_of_refusal(error)
    response = server.pages.page(
        f"{purpose.replace('-', '_')}.html",
        status=status,
        request_id=form.request_id,
        form_token=server.guard.token(form.cookie, purpose, form_subject(form.request_id)),
        client_name="",
        by_mail=server.mailer.enabled,
        error={"message": error.message, "field": error.field},
        **{name: typed(form.fields, name) for name in ("email", "name")},
        **_ways(server, form.cookie, form.request_id),
    )
    say_when(response, error)
    return response
