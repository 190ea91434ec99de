"""JSON-RPC errors that the gate answers by itself, before the SDK sees the request."""

from starlette.responses import JSONResponse, Response

from app.access.body import LARGEST_BODY


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
