"""The JSON-RPC envelope, checked before the SDK: its words for a faulty one would quote the body."""

from collections.abc import Mapping
from typing import Any, cast

from mcp_types import JSONRPCNotification, JSONRPCRequest
from pydantic import ValidationError


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
