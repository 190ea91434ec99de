"""Whether the process lives, and whether it can do its work; no token, no detail."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})


def health_routes(is_ready: Callable[[], Awaitable[bool]]) -> list[BaseRoute]:
    """`/healthz`: the process answers. `/readyz`: `is_ready` says the database is there and current."""

    async def healthz(request: Request) -> Response:
        return _answer(True)

    async def readyz(request: Request) -> Response:
        return _answer(await is_ready())

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _answer(fine: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    return PlainTextResponse("ok\n", headers=headers) if fine else PlainTextResponse("not ready\n", 503, headers)
