"""The JSON-RPC envelope. It is checked before the SDK does, whose error messages would quote the body."""

from collections.abc import Mapping
from typing import Any, cast

from mcp_types import JSONRPCNotification, JSONRPCRequest
from pydantic import ValidationError


def envelope_error(message: Any) -> str | None:
    """Return why a parsed body is neither a request nor a notification (JSON-RPC 2.0 section 4); None if it is one."""
    if not isinstance(message, Mapping):
        return "The body must be a JSON-RPC 2.0 request or notification object."
    call = cast("Mapping[str, Any]", message)
    if "method" not in call:
        return "method is missing; clients send requests and notifications here."
    try:
        # With an id it is a request, even an invalid id: its sender waits for an answer.
        (JSONRPCRequest if "id" in call else JSONRPCNotification).model_validate(call)
    except ValidationError as error:
        field = error.errors(include_input=False, include_url=False)[0]["loc"][0]
        return f"{field} is not valid in JSON-RPC 2.0."
    return None


def readable_id(message: Any) -> str | int | None:
    """Return the id by which the sender of a malformed message can match the answer; None if there is none."""
    request_id = cast("Mapping[str, Any]", message).get("id") if isinstance(message, Mapping) else None
    is_usable = isinstance(request_id, str | int) and not isinstance(request_id, bool)
    return request_id if is_usable else None


def error_object(request_id: object, code: int, message: str) -> dict[str, object]:
    """Return a JSON-RPC error object."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}
