"""Signing in on the way of a client's request, and "not you?"."""

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.errors import AppError
from app.oauth.auditing import entry_of
from app.oauth.authorize.pending_request import REQUEST, SIGN_OUT, continue_as, out_of_date, request_of
from app.oauth.context import OAuthContext
from app.people.models import Person
from app.web.password_proof import sign_in_with_password
from app.web.sign_in.pages import open_page, page_again


async def show_sign_in(server: OAuthContext, request: Request) -> Response:
    """GET /oauth/sign-in."""
    return await open_page(server, request, "sign-in")


async def post_sign_in(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/sign-in: on to consent, or the page again; an unknown email and a wrong password answer alike."""
    form = await server.kit.submitted_form(request, "sign-in", REQUEST)
    if form is None:
        return out_of_date(server)

    async def go_on(connection: Connection, person: Person) -> Response | None:
        return await continue_as(server, connection, form.session.cookie, request_of(form), person)

    try:
        return await sign_in_with_password(server, request, form.fields, go_on) or out_of_date(server)
    except AppError as error:
        return page_again(server, "sign-in", form, error)


async def post_sign_out(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/sign-out, "not you?": ends the session and asks who it is instead."""
    form = await server.kit.submitted_form(request, SIGN_OUT, REQUEST)
    if form is None:
        return out_of_date(server)
    person = form.session.person
    async with transaction(server.engine) as connection:
        response = await continue_as(server, connection, form.session.cookie, request_of(form), None)
        if response is not None and person is not None:
            await record(connection, entry_of(server, request, Action.SIGN_OUT, person_id=person.id))
        return response or out_of_date(server)
