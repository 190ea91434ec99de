"""Ending what has access: the grant of an app or a key, or a browser's session."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.limits.defaults import ACCESS_FORMS
from app.oauth.grants.repository import one_of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.session_repository import close_session_of, find_person, find_person_for_change
from app.ui.paths import ACCESS
from app.web.access.page import END, END_SESSION
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
