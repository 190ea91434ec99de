"""Host and Origin: who the request says it is for, and where the page that sent it came from.

Both come from PUBLIC_URL alone, so a DNS-rebinding page or a lying proxy header changes nothing.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import Settings
from app.ops.health import HEALTH_PATHS

_DEFAULT_PORTS = {"http": 80, "https": 443}


class HostCheck:
    """Refuses a foreign Host with 421 (RFC 9110 section 15.5.20), except on the health endpoints, which probes
    reach by address."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._allowed = _hosts_of(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS:
            await self._app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and hosts[0].lower() in self._allowed:
            await self._app(scope, receive, send)
            return
        body = {"error": "misdirected_request", "error_description": "This service answers under another host name."}
        await JSONResponse(body, 421)(scope, receive, send)


def refuse_foreign_origin(headers: Headers, allowed: Iterable[str]) -> Response | None:
    """403 when a page of an origin outside `allowed` sent the request; None when it may go on.

    Requests that no page sent carry no Origin (MCP specification, transports: security warning).
    """
    origins = headers.getlist("origin")
    if all(origin in allowed for origin in origins):
        return None
    body = {"error": "forbidden_origin", "error_description": "Pages of this origin may not call this endpoint."}
    return JSONResponse(body, 403)


def _hosts_of(settings: Settings) -> frozenset[str]:
    parts = settings.public_parts
    host = parts.hostname or ""
    names = {f"[{host}]" if ":" in host else host}
    if settings.is_local:
        names |= {"localhost", "127.0.0.1", "[::1]"}
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return frozenset(names | {f"{name}:{port}" for name in names})
