"""Routes of pages."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.errors import AppError
from app.runtime.request_log import generic_message
from app.ui.languages import gettext as _
from app.ui.languages import visiting
from app.ui.page_kit import PageKit

KEPT_PARAMETERS: Final = ("request", "next")
"""Query parameters that say what a page is about, or where to go next."""

PageHandler = Callable[[Request], Awaitable[Response]]

_log: Final = structlog.stdlib.get_logger("app.oauth")


def page_route(kit: PageKit, path: str, handler: PageHandler, method: str = "GET") -> BaseRoute:
    """Return the route of a page; refusals and faults are shown as pages too."""

    async def serve(request: Request) -> Response:
        with visiting(request):
            try:
                return await handler(request)
            except AppError as error:
                return kit.pages.refusal(error)
            except HTTPException:
                raise
            except Exception:
                _log.exception("page failed")
                return kit.pages.message(_("Something went wrong"), generic_message(), status=500, again="")

    return Route(path, serve, methods=[method])


def form_routes(kit: PageKit, path: str, handler: PageHandler, page: str) -> list[BaseRoute]:
    """Return the routes of a form that is part of the page at `page`: POST submits it, GET leads back to that page.

    Browsers send the GET when they reopen a tab that showed the answer to the form.
    """

    async def back(request: Request) -> Response:
        kept = [(name, request.query_params[name]) for name in KEPT_PARAMETERS if name in request.query_params]
        return kit.see_other(f"{page}?{urlencode(kept)}" if kept else page)

    return [page_route(kit, path, handler, "POST"), page_route(kit, path, back)]
