"""A refusal as HTTP tells it."""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

from app.errors import AppError

_WAIT: Final = {"limit": 429, "unavailable": 503}
_ON_A_PAGE: Final = {"not_found": 404, "conflict": 409, "role": 403, **_WAIT}


def is_for_people(headers: Headers) -> bool:
    """Whether an answer is to be a page: browsers say that they take HTML, programs don't."""
    return "text/html" in headers.get("accept", "")


def status_of_refusal(error: AppError) -> int:
    """Where a form is shown again or a client is answered: 429 or 503 for whoever has to wait, else 400."""
    return _WAIT.get(error.code, 400)


def status_of_page(error: AppError) -> int:
    """Where the page is about the refusal itself."""
    return _ON_A_PAGE.get(error.code, 400)


def set_retry_after(response: Response, error: AppError) -> None:
    """Say after how many seconds to come again, where that is known (RFC 9110 section 10.2.3)."""
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
