"""Responses that any origin may read: they use no cookie and hold no secrets."""

from typing import Any, Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ANY_ORIGIN: Final = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST", "OPTIONS"],
    allow_headers=["*"],
    expose_headers=["WWW-Authenticate", "Retry-After"],
)


def public_document(path: str, document: dict[str, Any], seconds: int) -> Route:
    """Return the route of a JSON document that caches may keep for `seconds`."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        return JSONResponse(document, headers={"Cache-Control": f"public, max-age={seconds}"})

    return Route(path, answer, methods=["GET", "OPTIONS"], middleware=[ANY_ORIGIN])
