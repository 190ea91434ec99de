"""What is said at an address where nothing is, or nothing of that method: a page to people, a line to programs."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ExceptionHandler

from app.config import Settings
from app.ui.pages import Pages


def missing_handlers(settings: Settings) -> dict[int, ExceptionHandler]:
    """Handlers of 404 and 405 (RFC 9110 sections 15.5.5 and 15.5.6); browsers are known by the HTML they accept."""
    pages = Pages(settings.public_path, "app.web")

    async def missing(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if "text/html" not in request.headers.get("Accept", ""):
            return PlainTextResponse(error.detail, error.status_code, headers=error.headers)
        page = pages.page("missing.html", status=error.status_code, is_method=error.status_code == 405)
        page.headers.update(error.headers or {})
        return page

    return {404: missing, 405: missing}
