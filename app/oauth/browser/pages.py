"""Routes of pages for people."""

from functools import partial
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.errors import AppError
from app.oauth.server import AuthorizationServer, Handler
from app.ops.requests import generic_message
from app.ui.forms import MAX_BODY

_log: Final = structlog.stdlib.get_logger("app.oauth")


def page_route(path: str, handler: Handler, server: AuthorizationServer, method: str) -> BaseRoute:
    """A page for people: refusals are pages too."""

    async def answer(handler: Handler, request: Request) -> Response:
        try:
            return await handler(server, request)
        except AppError as error:
            return server.pages.refusal(error)
        except Exception:
            _log.exception("page failed")
            return server.pages.message("Something went wrong", generic_message(), status=500)

    return Route(path, partial(answer, handler), methods=[method], max_body_size=MAX_BODY)
