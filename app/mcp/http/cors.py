"""CORS in front of an MCP endpoint, for the requests of pages."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

EXPOSED_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "X-Request-Id")
PREFLIGHT_SECONDS: Final = 600


class PageCors:
    """Passes requests on to `app`; those that name an origin, by way of CORS for `origins`.

    Browsers name the origin of every POST request to another origin (Fetch standard, section 3.1). A response to one
    without an origin needs no `Vary` either, because caches don't keep responses to POST.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["POST"],
            allow_headers=["*"],  # Mcp-Param-* is an open set
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        is_of_page = scope["method"] != "POST" or any(name == b"origin" for name, _ in scope["headers"])
        await (self._cors if is_of_page else self._app)(scope, receive, send)
