"""The account page: who is signed in, and the forms that change the account."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import AppError, Invalid, gettext_noop
from app.households.repository import memberships_of
from app.people.accounts import change_password
from app.people.models import Person
from app.people.passkeys.repository import count_passkeys
from app.people.password_sign_in import still_holds
from app.people.repository import find_profile
from app.people.session_repository import find_person_for_change
from app.runtime.addresses import client_address
from app.ui.forms import Fields
from app.ui.page_kit import BrowserSession
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.sign_in import SIGN_OUT_EVERYWHERE, verify_password

# The forms on the page, each by the path that it goes to.
SIGN_OUT: Final = "/account/sign-out"
CHANGE_PASSWORD: Final = "/account/password"  # noqa: S105  # a path
SEND_PROOF: Final = "/account/proof"

_DONE: Final = {
    "password": gettext_noop(
        "Your password has been changed. Other browsers were signed out; your apps stay connected."
    ),
    "made": gettext_noop("Your account is ready. Go back to your app and connect it again."),
    "joined": gettext_noop(
        "You are a member now. Apps that you connect from now on can use the household. One that is connected already "
        "can't see it: disconnect it on the page of access, and connect it again."
    ),
}
"""What the page says of a change that just succeeded, by the parameter `done` in the address."""


async def show_account(web: WebContext, request: Request) -> Response:
    """GET /account."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={ACCOUNT}")
    done = request.query_params.get("done", "")
    return await account_page(web, session, session.person, done=_DONE.get(done), joined=done == "joined")


async def account_page(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    error_in: str | None = None,
    done: str | None = None,
    joined: bool = False,
) -> Response:
    """Return the page of the person who is signed in; `error_in` is the form that was refused, by its path."""
    async with transaction(web.kit.engine) as connection:
        profile = await find_profile(connection, person.id)
        memberships = await memberships_of(connection, person.id)
        passkey_count = await count_passkeys(connection, person.id)
    return web.kit.show(
        session,
        "account.html",
        error,
        error_in=error_in,
        done=done,
        joined=joined,
        person=person,
        zone=memberships[0].zone if memberships else None,
        # People with an e-mail address sign in with a password.
        provider=web.oidc_provider.name if web.oidc_provider is not None and person.email is None else None,
        profile=profile,
        has_passkeys=web.passkeys is not None and person.email is not None,
        passkey_count=passkey_count,
        by_mail=web.mailer.enabled,
        has_passwords=web.has_passwords,
        tokens={
            path: web.kit.csrf_token(session, path)
            for path in (SIGN_OUT, SIGN_OUT_EVERYWHERE, CHANGE_PASSWORD, SEND_PROOF)
        },
    )


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
