"""How a failure becomes an answer, once its request has reached an MCP server.

In a tool call, `Dispatch.call` turns an `AppError` into `tool_error`, and anything else into `tool_fault`. In any other
handler and in the protocol itself, the outermost middleware `hide_faults` turns them into JSON-RPC errors. Before that,
see `app/mcp/http/refusals.py`. The SDK by itself would show exceptions to older clients word for word.
"""

from typing import Any, Final

import structlog
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST
from pydantic import ValidationError
from pydantic_core import to_json

from app.errors import AppError, LimitReached, Unavailable
from app.runtime.request_log import generic_message

RETRY_SECONDS: Final = 1
_log: Final = structlog.stdlib.get_logger("app.mcp")


def tool_error(error: AppError) -> bytes:
    """Return a `CallToolResult` as JSON, with one text, JSON again, that a model can act on."""
    text = to_json({"error": error.as_dict()}).decode()
    return to_json({"content": [{"type": "text", "text": text}], "isError": True})


def tool_fault() -> bytes:
    """Return a `CallToolResult` as JSON for an unexpected exception: a generic sentence with the request id, not the
    cause."""
    return tool_error(Unavailable(generic_message(), retry_after=RETRY_SECONDS))


async def hide_faults(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Let only protocol errors and `AppError` out, as JSON-RPC errors; log anything else."""
    try:
        return await call_next(ctx)
    except MCPError:
        raise
    except AppError as error:
        raise MCPError(_code_of(error), error.message, error.as_dict()) from None
    except ValidationError as error:
        # Raised by the SDK for malformed params, before a handler runs.
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"] if step != "params")
        raise MCPError(INVALID_PARAMS, f"params.{field} is not valid for {ctx.method}.") from None
    except Exception:
        _log.exception("handler failed", method=ctx.method)
        raise MCPError(INTERNAL_ERROR, generic_message()) from None


def _code_of(error: AppError) -> int:
    if isinstance(error, Unavailable):
        return INTERNAL_ERROR
    return INVALID_REQUEST if isinstance(error, LimitReached) else INVALID_PARAMS
