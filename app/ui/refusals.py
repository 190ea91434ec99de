"""A refusal as HTTP tells it, where a form is shown again or a client is answered."""

from starlette.responses import Response

from app.errors import AppError


def status_of_refusal(error: AppError) -> int:
    """429 or 503 for whoever has to wait, else 400."""
    return {"limit": 429, "unavailable": 503}.get(error.code, 400)


def say_when(response: Response, error: AppError) -> None:
    """Say after how many seconds to come again, where that is known (RFC 9110 section 10.2.3)."""
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
