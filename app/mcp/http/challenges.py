"""Answers to a caller who may not come in (RFC 6750 section 3, RFC 9728 section 5.1)."""

from collections.abc import Iterable

from starlette.responses import JSONResponse, Response

from app.errors import AppError
from app.scopes import format_scope
from app.ui.status import status_of_refusal


class Challenges:
    """The refusals of one resource: `metadata_url` is where its metadata is, `scopes` are what a client should ask."""

    def __init__(self, metadata_url: str, scopes: Iterable[str]) -> None:
        self._metadata_url = metadata_url
        self._scopes = format_scope(scopes)

    def token_missing(self) -> Response:
        """401 for a request without a token: a bare challenge, no error code (RFC 6750 section 3.1)."""
        return self._refuse(401, self._scopes, None, "Sign in: this endpoint needs a bearer token.")

    def token_refused(self) -> Response:
        """401 for a token that is bad, expired, revoked or foreign; never which of them."""
        return self._refuse(401, self._scopes, "invalid_token", "The access token is not valid. Sign in again.")

    def scope_missing(self, needed: Iterable[str]) -> Response:
        """403 that names every scope the request needs."""
        scopes = format_scope(needed)
        return self._refuse(403, scopes, "insufficient_scope", f"This needs the scope {scopes}.")

    def _refuse(self, status: int, scopes: str, error: str | None, description: str) -> Response:
        challenge = f'resource_metadata="{self._metadata_url}", scope="{scopes}"'
        body = {"error": error or "unauthorized", "error_description": description}
        if error is not None:
            challenge = f'error="{error}", error_description="{description}", {challenge}'
        return JSONResponse(
            body, status, headers={"WWW-Authenticate": f"Bearer {challenge}", "Cache-Control": "no-store"}
        )


def retry_later(refusal: AppError) -> Response:
    """503, or 429 at a limit, with Retry-After; never 401, which hosts answer with a browser login."""
    body = {"error": "temporarily_unavailable", "error_description": refusal.message}
    status = status_of_refusal(refusal)
    return JSONResponse(
        body, status, headers={"Retry-After": str(refusal.retry_after or 1), "Cache-Control": "no-store"}
    )
