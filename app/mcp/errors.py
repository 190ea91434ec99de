"""Whatever goes wrong in any handler, in any protocol era, leaves as a generic sentence with the request id.

The SDK's own protocol errors and our own refusals pass. Left alone, other exceptions would reach older clients word for
word.
"""

from typing import Any, Final

import structlog
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST
from pydantic import ValidationError

from app.errors import AppError, LimitReached, Unavailable
from app.runtime.requests import generic_message

_log: Final = structlog.stdlib.get_logger("app.mcp")


async def hide_faults(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """The outermost middleware of every server."""
    try:
        return await call_next(ctx)
    except MCPError:
        raise
    except AppError as refusal:
        raise MCPError(_code_of(refusal), refusal.message, refusal.as_dict()) from None
    except ValidationError as error:
        # Raised by the SDK for malformed params, before a handler runs.
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"] if step != "params")
        raise MCPError(INVALID_PARAMS, f"params.{field} is not as {ctx.method} needs it.") from None
    except Exception:
        _log.exception("handler failed", method=ctx.method)
        raise MCPError(INTERNAL_ERROR, generic_message()) from None


def _code_of(refusal: AppError) -> int:
    if isinstance(refusal, Unavailable):
        return INTERNAL_ERROR
    return INVALID_REQUEST if isinstance(refusal, LimitReached) else INVALID_PARAMS
