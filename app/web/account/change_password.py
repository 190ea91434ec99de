"""Changing a password that one knows."""

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid
from app.oauth.auditing import entry_of, refused
from app.oauth.context import OAuthContext
from app.people.accounts import change_password, still_holds
from app.people.models import Person
from app.people.sessions import find_person_for_change
from app.runtime.requests import client_address
from app.ui.forms import Fields
from app.web.account.page import account_page
from app.web.account.urls import PASSWORD_CHANGED, TO_CHANGE_PASSWORD, enter, out_of_date
from app.web.password_proof import prove


async def post_password(server: OAuthContext, request: Request) -> Response:
    """POST /account/password: ends every other session of the person, and this one goes on under another cookie."""
    form = await server.kit.submitted_form(request, TO_CHANGE_PASSWORD)
    person = form.session.person if form else None
    if form is None or person is None:
        return out_of_date(server)
    try:
        account = await prove(server, request, person.email or "", form.fields.one("password"))
        if account is None or account.person.id != person.id:
            raise Invalid("The present password is wrong.", field="password")
        secret_hash = await _hash_chosen(server, request, form.fields, person)
        async with transaction(server.engine) as connection:
            signed_in = await find_person_for_change(connection, form.session.cookie, server.clock())
            if signed_in != person or not await still_holds(connection, account):
                return out_of_date(server)
            await change_password(connection, person.id, secret_hash, server.clock())
            await record(connection, entry_of(server, request, Action.PASSWORD_CHANGED, person_id=person.id))
            return await enter(server, connection, form.session.cookie, person, PASSWORD_CHANGED)
    except AppError as error:
        refused(server, request, Action.PASSWORD_CHANGED, error.code, person_id=person.id)
        return await account_page(server, form.session, person, error, error_in=TO_CHANGE_PASSWORD)


async def _hash_chosen(server: OAuthContext, request: Request, fields: Fields, person: Person) -> str:
    chosen, known = fields.one("new_password"), [person.email or "", person.name]
    try:
        return await server.password_sign_in.hashing.hash_new(chosen, known, client_address(request))
    except Invalid as error:
        raise Invalid(error.message, field="new_password") from None
