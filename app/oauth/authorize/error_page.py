"""The page for a protocol error that is not sent on to the client."""

from starlette.requests import Request
from starlette.responses import Response

from app.oauth.errors import OAuthError
from app.ui.page_kit import PageKit
from app.ui.routes import PageHandler


def with_error_page(kit: PageKit, handler: PageHandler) -> PageHandler:
    """Return the handler with a page as the response to each `OAuthError` that it raises."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except OAuthError as error:
            return kit.pages.page(
                "authorize_fault.html", status=error.status, error=error.error, description=error.description
            )

    return handle
