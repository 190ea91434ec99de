"""Ending what has access, the grant of an app or a key, or a browser's session; and letting an app do more."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.limits.defaults import ACCESS_FORMS
from app.oauth.credentials.own_api_keys import levels_for
from app.oauth.grants.connected_apps_repository import find_connected_apps
from app.oauth.grants.repository import one_of_person, widen_grant
from app.oauth.grants.revocation import RevocationReason
from app.people.repository import find_profile
from app.people.session_repository import close_session_of, find_person, find_person_for_change
from app.scopes import expand, format_scope
from app.ui.paths import ACCESS
from app.web.access.page import END, END_SESSION, WIDEN, wider_scope
from app.web.context import WebContext


async def post_end(web: WebContext, request: Request) -> Response:
    """POST /access/end: end the grant of an app or a key, at once.

    Another person's grant gets the same answer as one that does not exist.
    """
    form = await web.kit.submitted_form(request, END, "grant")
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    await web.limiter.check(ACCESS_FORMS, form.session.person.id)
    grant_id = UUID(form.fields.one("grant"))  # the CSRF token covers it: we wrote it
    now = web.kit.clock()
    revocations = web.revocations(request)
    async with transaction(web.kit.engine, committed=revocations.publish) as connection:
        person = await find_person(connection, form.session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        which = one_of_person(person.id, grant_id)
        ended = await revocations.revoke(connection, which, RevocationReason.BY_PERSON, now)
    await web.others_told()  # the page says that the next call is refused, whichever process answers it
    return web.kit.see_other(f"{ACCESS}?done=end") if ended else web.account_pages.out_of_date()


async def post_widen(web: WebContext, request: Request) -> Response:
    """POST /access/widen: let a connected app do more, from its next access token on.

    Hosts that are refused for lack of a scope refresh their token and try again; so that is all it takes.
    """
    form = await web.kit.submitted_form(request, WIDEN, "what")
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    await web.limiter.check(ACCESS_FORMS, form.session.person.id)
    grant, scope = form.fields.one("what").split(" ")  # the CSRF token covers it: we wrote it
    grant_id, now = UUID(grant), web.kit.clock()
    async with transaction(web.kit.engine) as connection:
        person = await find_person_for_change(connection, form.session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        levels = levels_for(await find_profile(connection, person.id), can_verify=web.mailer.enabled)
        mine = await find_connected_apps(connection, person.id, now)
        app = next((each for each in mine if each.grant_id == grant_id and wider_scope(each, levels) == scope), None)
        if app is None:
            return web.account_pages.out_of_date()
        scopes = expand([*app.scopes, scope])
        await widen_grant(connection, one_of_person(person.id, grant_id), scopes, now)
        entry = web.audit_entry(
            request,
            Action.GRANT_WIDENED,
            person_id=person.id,
            client_id=app.client_id,
            grant_id=grant_id,
            detail=format_scope(scopes),
        )
        await record(connection, entry)
    return web.kit.see_other(f"{ACCESS}?done=widen")


async def post_end_session(web: WebContext, request: Request) -> Response:
    """POST /access/session: sign out one browser, which may be this one. Apps stay connected.

    Another person's session gets the same answer as one that does not exist.
    """
    form = await web.kit.submitted_form(request, END_SESSION, "session")
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    await web.limiter.check(ACCESS_FORMS, form.session.person.id)
    which = form.fields.one("session")  # the CSRF token covers it: we wrote it
    async with transaction(web.kit.engine) as connection:
        person = await find_person_for_change(connection, form.session.cookie, web.kit.clock())
        if person is None or not await close_session_of(connection, person.id, which):
            return web.account_pages.out_of_date()
        await record(connection, web.audit_entry(request, Action.SIGN_OUT, person_id=person.id, detail="session"))
    return web.kit.see_other(f"{ACCESS}?done=session")
