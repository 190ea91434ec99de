"""Routes of pages for people."""

from functools import partial
from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.errors import AppError
from app.oauth.browser.browser_session import see_other
from app.oauth.context import Handler, OAuthContext
from app.runtime.requests import generic_message

ABOUT: Final = ("request", "next")
"""Parameters of pages that say what they are about, or where to go next."""

_log: Final = structlog.stdlib.get_logger("app.oauth")


def page_route(path: str, handler: Handler, server: OAuthContext, method: str) -> BaseRoute:
    """A page for people: refusals are pages too."""

    async def answer(handler: Handler, request: Request) -> Response:
        try:
            return await handler(server, request)
        except AppError as error:
            return server.pages.refusal(error)
        except HTTPException:
            raise
        except Exception:
            _log.exception("page failed")
            return server.pages.message("Something went wrong", generic_message(), status=500, again="")

    return Route(path, partial(answer, handler), methods=[method])


def form_routes(path: str, handler: Handler, server: OAuthContext, page: str) -> list[BaseRoute]:
    """POST of a form that stands on the page at another path; GET, as of a tab that is opened again, leads there."""

    async def back(server: OAuthContext, request: Request) -> Response:
        named = [(name, request.query_params[name]) for name in ABOUT if name in request.query_params]
        return see_other(server, f"{page}?{urlencode(named)}" if named else page)

    return [page_route(path, handler, server, "POST"), page_route(path, back, server, "GET")]
