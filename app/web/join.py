"""The page behind an invitation: what it is to, and the button that accepts it."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError, NotFound
from app.households.invitations import accept, find_by_code, spelled
from app.households.models import Invitation
from app.households.repository import memberships_of
from app.people.session_repository import find_person
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession
from app.ui.paths import JOIN, join_path
from app.web.context import WebContext
from app.web.destinations import ACCOUNT

_PATH: Final = re.compile(rf"{JOIN}\?code=([A-Za-z0-9-]{{1,40}})")


def code_in(path: str) -> str:
    """Return the code in the path of an invitation; empty for other paths."""
    found = _PATH.fullmatch(path)
    return found[1] if found else ""


async def show_join(web: WebContext, request: Request) -> Response:
    """GET /join: what the code in the address invites to, or a field to type a code."""
    # As it was given out: the path that leads back here after a sign-in holds no spaces.
    code = spelled(request.query_params.get("code", ""))
    async with transaction(web.kit.engine) as connection:
        session = await web.kit.read_session(request, connection)
        if not code:
            return _page(web, session)
        try:
            invitation = await find_by_code(connection, code, web.kit.clock())
        except NotFound as error:
            return _page(web, session, error=error)
        person = session.person
        belongs = person is not None and invitation.household_id in {
            each.household_id for each in await memberships_of(connection, person.id)
        }
    return _page(web, session, code, invitation, belongs=belongs)


async def post_join(web: WebContext, request: Request) -> Response:
    """POST /join: make the person who is signed in a member."""
    form = await web.kit.submitted_form(request, JOIN, "code")
    if form is None:
        return web.account_pages.out_of_date()
    joined: list[Invitation] = []

    def notify() -> None:
        for each in joined:
            web.members_changed(each.household_id)

    try:
        await web.count_attempt(request)
        async with transaction(web.kit.engine, committed=notify) as connection:
            person = await find_person(connection, form.session.cookie, web.kit.clock())
            if person is None:
                return web.account_pages.out_of_date()
            joined.append(await accept(connection, form.fields.one("code"), person.id, web.kit.clock()))
    except AppError as error:
        return _page(web, form.session, typed(form.fields, "code"), error=error)
    return web.kit.see_other(f"{ACCOUNT}?done=joined")


def _page(
    web: WebContext,
    session: BrowserSession,
    code: str = "",
    invitation: Invitation | None = None,
    *,
    belongs: bool = False,
    error: AppError | None = None,
) -> Response:
    return web.kit.show(
        session,
        "join.html",
        error,
        code=code,
        invitation=invitation,
        belongs=belongs,
        person=session.person,
        here=join_path(code),
        form_token=web.kit.csrf_token(session, JOIN, code),
        has_passwords=web.has_passwords,
    )
