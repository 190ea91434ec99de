"""Liveness and readiness checks. They need no token and give no details."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})


def health_routes(is_ready: Callable[[], Awaitable[bool]]) -> list[BaseRoute]:
    """Return `/healthz`, which answers while the process runs, and `/readyz`, which answers 200 if `is_ready`."""

    async def healthz(request: Request) -> Response:
        return _health_response(True)

    async def readyz(request: Request) -> Response:
        return _health_response(await is_ready())

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _health_response(is_healthy: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    return PlainTextResponse("ok\n", headers=headers) if is_healthy else PlainTextResponse("not ready\n", 503, headers)
