"""The account page: who is signed in, what is connected, and the forms that change it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.households.repository import memberships_of
from app.oauth.grants.connected_apps_repository import ConnectedApp, find_connected_apps
from app.oauth.grants.repository import one_of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.accounts import change_password
from app.people.models import Person
from app.people.password_sign_in import still_holds
from app.people.repository import find_profile
from app.people.session_repository import find_person, find_person_for_change
from app.runtime.addresses import client_address
from app.scopes import strongest_scope
from app.ui.forms import Fields
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.sign_in import SIGN_OUT_EVERYWHERE, verify_password

# The forms on the page, each by the path that it goes to.
SIGN_OUT: Final = "/account/sign-out"
DISCONNECT: Final = "/account/disconnect"
CHANGE_PASSWORD: Final = "/account/password"  # noqa: S105  # a path
SEND_PROOF: Final = "/account/proof"

_DONE: Final = {
    "password": gettext_noop(
        "Your password has been changed. Other browsers were signed out; your apps stay connected."
    ),
    "made": gettext_noop("Your account is ready. Go back to your app and connect it again."),
    "joined": gettext_noop(
        "You are a member now. Apps that you connect from now on can use the household. One that is connected already "
        "can't see it: disconnect it below, and connect it again."
    ),
}
"""What the page says of a change that just succeeded, by the parameter `done` in the address."""


@dataclass(frozen=True, slots=True)
class ShownApp:
    """A connected app, the strongest scope it has, and the CSRF token of its Disconnect button."""

    app: ConnectedApp
    scope: str
    form_token: str


async def show_account(web: WebContext, request: Request) -> Response:
    """GET /account."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={ACCOUNT}")
    return await account_page(web, session, session.person, done=_DONE.get(request.query_params.get("done", "")))


async def account_page(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    error_in: str | None = None,
    done: str | None = None,
) -> Response:
    """Return the page of the person who is signed in; `error_in` is the form that was refused, by its path."""
    async with transaction(web.kit.engine) as connection:
        profile = await find_profile(connection, person.id)
        apps = await find_connected_apps(connection, person.id, web.kit.clock())
        memberships = await memberships_of(connection, person.id)
    return web.kit.show(
        session,
        "account.html",
        error,
        error_in=error_in,
        done=done,
        person=person,
        zone=memberships[0].zone if memberships else None,
        # People with an e-mail address sign in with a password.
        provider=web.oidc_provider.name if web.oidc_provider is not None and person.email is None else None,
        profile=profile,
        by_mail=web.mailer.enabled,
        has_passwords=web.has_passwords,
        apps=[
            ShownApp(app, strongest_scope(app.scopes), web.kit.csrf_token(session, DISCONNECT, str(app.grant_id)))
            for app in apps
        ],
        tokens={
            path: web.kit.csrf_token(session, path)
            for path in (SIGN_OUT, SIGN_OUT_EVERYWHERE, CHANGE_PASSWORD, SEND_PROOF)
        },
    )


async def post_disconnect(web: WebContext, request: Request) -> Response:
    """POST /account/disconnect: end the grant of one app.

    Another person's grant gets the same answer as one that does not exist.
    """
    form = await web.kit.submitted_form(request, DISCONNECT, "grant")
    if form is None:
        return web.account_pages.out_of_date()
    grant_id = UUID(form.fields.one("grant"))  # the CSRF token covers it: we wrote it
    now = web.kit.clock()
    revocations = web.revocations(request)
    async with transaction(web.kit.engine, committed=revocations.publish) as connection:
        person = await find_person(connection, form.session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        which = one_of_person(person.id, grant_id)
        ended = await revocations.revoke(connection, which, RevocationReason.BY_PERSON, now)
    return web.kit.see_other(ACCOUNT) if ended else web.account_pages.out_of_date()


async def post_password(web: WebContext, request: Request) -> Response:
    """POST /account/password: change the password. Every other session ends, and this one gets a new cookie."""
    form = await web.kit.submitted_form(request, CHANGE_PASSWORD)
    person = form.session.person if form else None
    if form is None or person is None:
        return web.account_pages.out_of_date()
    cookie = form.session.cookie
    try:
        account = await verify_password(web, request, person.email or "", form.fields.one("password"))
        if account is None or account.person.id != person.id:
            raise Invalid("The current password is wrong.", field="password")
        secret_hash = await _hash_new(web, request, form.fields, person)
        async with transaction(web.kit.engine) as connection:
            signed_in = await find_person_for_change(connection, cookie, web.kit.clock())
            if signed_in != person or not await still_holds(connection, account):
                return web.account_pages.out_of_date()
            await change_password(connection, person.id, secret_hash, web.kit.clock())
            await record(connection, web.audit_entry(request, Action.PASSWORD_CHANGED, person_id=person.id))
            return await web.account_pages.enter(connection, cookie, f"{ACCOUNT}?done=password", person)
    except AppError as error:
        web.record_refusal(request, Action.PASSWORD_CHANGED, error.code, person_id=person.id)
        return await account_page(web, form.session, person, error, error_in=CHANGE_PASSWORD)


async def _hash_new(web: WebContext, request: Request, fields: Fields, person: Person) -> str:
    password, personal = fields.one("new_password"), [person.email or "", person.name]
    try:
        return await web.password_sign_in.hashing.hash_new(password, personal, client_address(request))
    except Invalid as error:
        error.field = "new_password"
        raise
