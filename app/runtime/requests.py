"""A name for each request, its line in the log, and the answer of last resort.

Plain ASGI and outermost, so that everything that happens inside carries the request id.
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS: Final = 30
"""How long the body of a request may take to arrive."""

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_log: Final = structlog.stdlib.get_logger("app.requests")


def request_id() -> str:
    """The id of the request that is being served; people quote it when they report a fault."""
    return _request_id.get()


def client_address(request: Request) -> str:
    """The network address that a request came from."""
    return address_in(request.scope)


def address_in(scope: Scope) -> str:
    """The same, of an ASGI request."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else "unknown"


def generic_message() -> str:
    """What is said of a fault that is ours: nothing of its cause, and the id under which the log has it."""
    return f"Something went wrong on our side. Look at what is there, then try again, or report request {request_id()}."


class RequestLog:
    """Gives each request an id (header `X-Request-Id`) and logs one line for it.

    The line holds method, path, status and milliseconds: no query string (codes and states travel there), no
    headers, no body. An exception that reaches this far becomes a 500 with the generic sentence.
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
