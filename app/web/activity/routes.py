"""Routes of the page of what happened in a household."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.ui.paths import ACTIVITY
from app.ui.routes import form_routes, page_route
from app.web.activity.page import UNDO, post_undo, show_activity
from app.web.context import WebContext
from app.web.lists.forms import from_member


def activity_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes."""

    async def undo(request: Request) -> Response:
        return await from_member(web, post_undo, request)

    return [
        page_route(web.kit, ACTIVITY, partial(show_activity, web)),
        *form_routes(web.kit, UNDO, undo, ACTIVITY),
    ]
