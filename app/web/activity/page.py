"""The page of what happened in a household."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.crypto.tokens import new_secret
from app.errors import AppError, RoleRefused
from app.ui.forms import Fields
from app.ui.paths import ACTIVITY
from app.web.activity.content import IN_BROWSER, Asked, asked_from, read_activity
from app.web.context import WebContext
from app.web.household.visit import at_household, memberships_at
from app.web.lists.acts import undo_named
from app.web.lists.changes import make_change
from app.web.lists.said import Done, for_people, summary_text
from app.web.lists.visit import FORM, AccessLost, Visit

UNDO = "/activity/undo"


async def show_activity(web: WebContext, request: Request) -> Response:
    """GET /activity."""
    visit = await at_household(web, ACTIVITY, request)
    if isinstance(visit, Response):
        return visit
    asked = asked_from(lambda name: request.query_params.get(name, ""))
    return await _page(web, visit, asked)


async def post_undo(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of the button that undoes a change: undo it, and show the page that it is on, with what became of it."""
    try:
        done = await make_change(web, request, visit, fields, "undo", partial(undo_named, fields=fields))
    except (AccessLost, RoleRefused):
        raise
    except AppError as error:
        return await _page(web, visit, asked_from(fields.one), for_people(error))
    return await _page(web, visit, asked_from(fields.one), done=done)


async def _page(
    web: WebContext, visit: Visit, asked: Asked, error: AppError | None = None, *, done: Done | None = None
) -> Response:
    activity = await read_activity(web, visit, asked)
    ref = visit.membership.ref
    return web.kit.show(
        visit.session,
        "activity/activity.html",
        error,
        activity=activity,
        asked=activity.asked,
        membership=visit.membership,
        memberships=await memberships_at(web, visit),
        may_change=visit.may_change,
        zone=visit.membership.zone,
        form_token=web.kit.csrf_token(visit.session, FORM, ref),
        key=new_secret(),
        done=done,
        in_browser=IN_BROWSER,
        here=activity.asked.address,
        in_words=summary_text,
    )
