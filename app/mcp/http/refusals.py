"""How a request is refused before it reaches an MCP server.

Every step of the HTTP layer raises `RequestRefused`, and `BearerAuthMiddleware` turns it into the answer, in one place.
"""

from collections.abc import Iterable, Mapping

from mcp_types import INVALID_REQUEST
from starlette.responses import JSONResponse, Response

from app.access.caller import Caller
from app.errors import AppError
from app.mcp.http.json_rpc import error_object
from app.scopes import format_scope
from app.ui.status import status_of_refusal


class RequestRefused(Exception):
    """A request is refused with this answer.

    With an `outcome`, the audit log records the refusal; `caller` is known once the token is proven.
    """

    def __init__(
        self,
        response: Response,
        outcome: str | None = None,
        *,
        caller: Caller | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(outcome)
        self.response = response
        self.outcome = outcome
        self.caller = caller
        self.detail = detail


def bad_request(message: str, code: int = INVALID_REQUEST, request_id: str | int | None = None) -> RequestRefused:
    """Return the refusal of a malformed request: 400 with a JSON-RPC error.

    Its id is null if the request could not be read far enough (JSON-RPC 2.0 section 5).
    """
    return RequestRefused(JSONResponse(error_object(request_id, code, message), 400))


def body_refused(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> RequestRefused:
    """Return the refusal of a body that was not read to its end."""
    return RequestRefused(JSONResponse({"error": error, "error_description": description}, status, headers))


def foreign_origin() -> RequestRefused:
    """Return the refusal of a request that a page of a foreign origin sent."""
    body = {"error": "forbidden_origin", "error_description": "Pages of this origin may not call this endpoint."}
    return RequestRefused(JSONResponse(body, 403), "foreign_origin")


def challenge(
    status: int, metadata_url: str | None, scopes: Iterable[str], error: str | None, description: str
) -> Response:
    """Return a Bearer challenge (RFC 6750 section 3, RFC 9728 section 5.1); without `metadata_url` there is nowhere to
    sign in.

    `scopes` are what the client should ask for. Without a token there is no error code (RFC 6750 section 3.1), and a
    token that is malformed, expired, revoked or foreign gets the same `invalid_token`.
    """
    parameters = f'scope="{format_scope(scopes)}"'
    if metadata_url is not None:
        parameters = f'resource_metadata="{metadata_url}", {parameters}'
    if error is not None:
        parameters = f'error="{error}", error_description="{description}", {parameters}'
    body = {"error": error or "unauthorized", "error_description": description}
    headers = {"WWW-Authenticate": f"Bearer {parameters}", "Cache-Control": "no-store"}
    return JSONResponse(body, status, headers)


def retry_later(error: AppError) -> Response:
    """Return 503, or 429 for a limit, with Retry-After; never 401, which hosts answer with a browser login."""
    body = {"error": "temporarily_unavailable", "error_description": error.message}
    headers = {"Retry-After": str(error.retry_after or 1), "Cache-Control": "no-store"}
    return JSONResponse(body, status_of_refusal(error), headers)
