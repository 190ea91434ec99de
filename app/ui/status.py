"""HTTP status and headers of a refusal."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from app.errors import AppError

_WAIT: Final = {"limit": 429, "unavailable": 503}
_ON_A_PAGE: Final = {"not_found": 404, "conflict": 409, "role": 403, **_WAIT}


def is_for_people(headers: Mapping[str, str]) -> bool:
    """Return whether the response should be a page: browsers accept HTML, programs don't ask for it."""
    return "text/html" in headers.get("accept", "")


def status_of_refusal(error: AppError) -> int:
    """Return the status for a form shown again, or a response to a client: 429 or 503 if waiting helps, else 400."""
    return _WAIT.get(error.code, 400)


def status_of_page(error: AppError) -> int:
    """Return the status for a page about the refusal itself."""
    return _ON_A_PAGE.get(error.code, 400)


def set_retry_after(response: Response, error: AppError) -> None:
    """Set Retry-After, in seconds, if the error says when to try again (RFC 9110 section 10.2.3)."""
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
