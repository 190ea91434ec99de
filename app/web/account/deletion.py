"""The page on which people delete their account: what will go, what stays, and the button."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.db import transaction
from app.errors import AppError, Invalid
from app.limits.defaults import ACCESS_FORMS
from app.oauth.grants.connected_apps_repository import find_connected_apps
from app.oauth.grants.models import GrantKind
from app.people.models import Person
from app.people.passkeys.repository import count_passkeys
from app.people.session_repository import find_sessions
from app.ui.languages import gettext as _
from app.ui.page_kit import BrowserSession
from app.web.account.delete_account import AccountDeletion, look_ahead
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.passkeys.confirm import confirm_first, is_confirmed

DELETE_ACCOUNT: Final = "/account/delete"


async def show_delete_account(web: WebContext, request: Request) -> Response:
    """GET /account/delete."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={DELETE_ACCOUNT}")
    return await _page(web, session, session.person)


async def post_delete_account(web: WebContext, request: Request) -> Response:
    """POST /account/delete: delete the account of the person who is signed in, who has just shown who they are."""
    form = await web.kit.submitted_form(request, DELETE_ACCOUNT)
    person = form.session.person if form else None
    if form is None or person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(ACCESS_FORMS, person.id)
        async with transaction(web.kit.engine) as connection:
            confirmed = await is_confirmed(web, connection, form.session)
        if not confirmed:
            return confirm_first(web, DELETE_ACCOUNT)
        if form.fields.one("sure") != "yes":
            raise Invalid("Tick the box to delete your account. Nothing was deleted.", field="sure")
        deletion = AccountDeletion(
            engine=web.kit.engine,
            clock=web.kit.clock,
            cookie=form.session.cookie,
            person_id=person.id,
            revocations=partial(web.revocations, request),
            members_changed=web.members_changed,
        )
        await deletion.delete()
    except AppError as error:
        web.record_refusal(request, Action.ACCOUNT_DELETED, error.code, person_id=person.id)
        return await _page(web, form.session, person, error)
    return web.kit.pages.page(
        "done.html",
        title=_("Your account is deleted"),
        text=_("You are signed out everywhere, and no app and no key reaches anything of yours any more."),
        path="/",
        label=_("To the front page"),
    )


async def _page(web: WebContext, session: BrowserSession, person: Person, error: AppError | None = None) -> Response:
    now = web.kit.clock()
    async with transaction(web.kit.engine) as connection:
        farewell = await look_ahead(connection, person.id)
        apps = await find_connected_apps(connection, person.id, now)
        passkeys = await count_passkeys(connection, person.id)
        sessions = await find_sessions(connection, person.id, now)
        confirmed = await is_confirmed(web, connection, session)
    return web.kit.show(
        session,
        "delete_account.html",
        error,
        form_token=web.kit.csrf_token(session, DELETE_ACCOUNT),
        farewell=farewell,
        apps=[each.name for each in apps if each.kind != GrantKind.KEY],
        keys=[each.name for each in apps if each.kind == GrantKind.KEY],
        passkeys=passkeys,
        sessions=len(sessions),
        is_confirmed=confirmed,
    )
