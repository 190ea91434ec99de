"""Routes that clients call: answers are JSON, and any origin may ask."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.errors import AppError
from app.oauth.context import Handler, OAuthContext
from app.oauth.faults import NOT_STORED
from app.ui.forms import MAX_BODY
from app.ui.public_document import ANY_ORIGIN
from app.ui.status import set_retry_after, status_of_refusal


def client_route(path: str, handler: Handler, server: OAuthContext, method: str) -> BaseRoute:
    """An endpoint for clients."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        try:
            return await handler(server, request)
        except AppError as error:
            return _refusal(error)

    return Route(path, answer, methods=[method, "OPTIONS"], middleware=[ANY_ORIGIN], max_body_size=MAX_BODY)


def _refusal(error: AppError) -> Response:
    """The answer to a client that has to wait; no code of RFC 6749 fits the token endpoint better."""
    status = status_of_refusal(error)
    name = "invalid_request" if status == 400 else "temporarily_unavailable"
    body = {"error": name, "error_description": error.message}
    response = JSONResponse(body, status, headers=NOT_STORED)
    set_retry_after(response, error)
    return response
