"""The page for a protocol error that is not sent on to the client."""

from starlette.requests import Request
from starlette.responses import Response

from app.oauth.context import Handler, OAuthContext
from app.oauth.errors import OAuthError


def with_error_page(handler: Handler) -> Handler:
    """Return the handler with a page as the response to each `OAuthError` that it raises."""

    async def handle(server: OAuthContext, request: Request) -> Response:
        try:
            return await handler(server, request)
        except OAuthError as error:
            return server.kit.pages.page(
                "authorize_fault.html", status=error.status, error=error.error, description=error.description
            )

    return handle
