"""The JSON-RPC envelope, checked before the SDK: its words for a faulty one would quote the body."""

from collections.abc import Mapping
from typing import Any, cast

from mcp_types import JSONRPCNotification, JSONRPCRequest
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from app.mcp.http.body import LARGEST_BODY


def envelope_fault(message: Any) -> str | None:
    """What keeps a parsed body from being a request or a notification (JSON-RPC 2.0 section 4); None for a good one."""
    if not isinstance(message, Mapping):
        return "The body must be a JSON-RPC 2.0 request or notification object."
    call = cast("Mapping[str, Any]", message)
    if "method" not in call:
        return "method is missing; clients send requests and notifications here."
    try:
        # With an id it is a request, also when the id can't be one: its sender waits for an answer.
        (JSONRPCRequest if "id" in call else JSONRPCNotification).model_validate(call)
    except ValidationError as error:
        field = error.errors(include_input=False, include_url=False)[0]["loc"][0]
        return f"{field} is not what JSON-RPC 2.0 asks for."
    return None


def readable_id(message: Any) -> str | int | None:
    """The id by which the sender of a faulty message will know the answer; None where there is no usable one."""
    request_id = cast("Mapping[str, Any]", message).get("id") if isinstance(message, Mapping) else None
    is_usable = isinstance(request_id, str | int) and not isinstance(request_id, bool)
    return request_id if is_usable else None


def protocol_error(status: int, code: int, message: str, request_id: str | int | None = None) -> Response:
    """A JSON-RPC error; its id is null when the request could not be read far enough (JSON-RPC 2.0 section 5)."""
    return JSONResponse(error_object(request_id, code, message), status)


def error_object(request_id: object, code: int, message: str) -> dict[str, object]:
    """A JSON-RPC error object."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def too_large() -> Response:
    """413: the body is over the limit."""
    description = f"The body is larger than {LARGEST_BODY:,} bytes; send fewer items at once."
    return JSONResponse({"error": "content_too_large", "error_description": description}, 413)


def too_slow() -> Response:
    """408: the body did not arrive in time."""
    description = "The body did not arrive in time; send it again."
    return JSONResponse({"error": "request_timeout", "error_description": description}, 408)
