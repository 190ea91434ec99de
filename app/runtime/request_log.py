"""The outermost middleware: the request id, the log line of each request, and the 500 for what nothing caught."""

import logging
import os
import re
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import structlog
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
REQUEST_LINES: Final = "app.requests.lines"
"""The logger of the lines, one for each request. The arguments are method, path, status and milliseconds."""

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{40,}|\b[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}\b|\b[0-9A-Z]{16}\b")
"""What may be a token, the code of a guest's link or that of an invitation; no path of the service has the like."""

_log: Final = structlog.stdlib.get_logger("app.requests")
_lines: Final = logging.getLogger(REQUEST_LINES)


def request_id() -> str:
    """Return the id of the request being served; people quote it when they report an error."""
    return _request_id.get()


@contextmanager
def new_request_id() -> Generator[None]:
    """Give what runs in the block a request id of its own, as `RequestLog` does for HTTP."""
    token = _request_id.set(os.urandom(8).hex())
    try:
        yield
    finally:
        _request_id.reset(token)


def generic_message() -> str:
    """Return the message for an internal error: the request id, under which the log has the cause."""
    return f"Something went wrong on our side. Look at what is there, then try again, or report request {request_id()}."


class RequestLog:
    """Middleware that gives each request an id (header `X-Request-Id`) and logs one line for it.

    The line has method, path, status and milliseconds. It has no query string (which may hold codes and states), no
    headers and no body, and of the path not what may be a secret that somebody pasted behind an address. An exception
    that gets here becomes a 500 with the generic message.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = os.urandom(8).hex()
        token = _request_id.set(name)
        started = time.perf_counter()
        status = 0

        async def named_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
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
            # Not by structlog, which would take a tenth of the CPU of a tool call for it.
            path = _SECRET.sub("[secret]", scope["path"])
            _lines.info("%s %s: %d in %.1f ms", scope["method"], path, status, milliseconds)
            _request_id.reset(token)
