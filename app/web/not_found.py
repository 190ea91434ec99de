"""Responses for an unknown address, method or size: a page for people, one line for programs."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ExceptionHandler

from app.errors import gettext_noop
from app.ui.languages import gettext as _
from app.ui.languages import visiting
from app.ui.pages import Pages
from app.ui.status import is_for_people

TITLES: Final = {
    404: gettext_noop("Page not found"),
    405: gettext_noop("Nothing to see here"),
    413: gettext_noop("That was too much"),
}


def missing_handlers(public_path: str) -> dict[int, ExceptionHandler]:
    """Return the handlers of 404, 405 and 413 (RFC 9110 section 15.5)."""
    pages = Pages(public_path, "app.web")

    async def missing(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if not is_for_people(request.headers):
            return PlainTextResponse(error.detail, error.status_code, headers=error.headers)
        code = error.status_code
        with visiting(request):
            page = pages.page("missing.html", status=code, code=code, title=_(TITLES[code]))
        page.headers.update(error.headers or {})
        return page

    return dict.fromkeys(TITLES, missing)
