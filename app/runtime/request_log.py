"""The outermost middleware: the request id, the log line of each request, and the 500 for what nothing caught."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_log: Final = structlog.stdlib.get_logger("app.requests")


def request_id() -> str:
    """Return the id of the request being served; people quote it when they report an error."""
    return _request_id.get()


def generic_message() -> str:
    """Return the message for an internal error: the request id, under which the log has the cause."""
    return f"Something went wrong on our side. Look at what is there, then try again, or report request {request_id()}."


class RequestLog:
    """Middleware that gives each request an id (header `X-Request-Id`) and logs one line for it.

    The line has method, path, status and milliseconds. It has no query string (which may hold codes and states), no
    headers and no body. An exception that gets here becomes a 500 with the generic message.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = uuid4().hex[:16]
        token = _request_id.set(name)
        started = time.perf_counter()
        status = 0

        async def named_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["X-Request-Id"] = name
            await send(message)

        try:
            await self._app(scope, receive, named_send)
        except Exception:
            _log.exception("request failed")
            if status == 0:
                body: Mapping[str, Any] = {"error": "server_error", "error_description": generic_message()}
                await JSONResponse(body, 500)(scope, receive, named_send)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            _log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)
            _request_id.reset(token)
