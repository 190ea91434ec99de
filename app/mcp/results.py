"""Results and refusals as an assistant receives them."""

import json

import mcp_types as types

from app.errors import AppError, Unavailable
from app.mcp.spec import ToolResult
from app.ops.requests import generic_message

RETRY_SECONDS = 1


def as_dict(result: ToolResult) -> dict[str, object]:
    """A result as plain JSON values, without absent fields."""
    return result.model_dump(mode="json", exclude_none=True)


def answer(structured: dict[str, object], words: str) -> types.CallToolResult:
    """A result: the object itself, the same as JSON text, and one line of prose."""
    return types.CallToolResult(
        content=[types.TextContent(text=as_json(structured)), types.TextContent(text=words)],
        structured_content=structured,
    )


def refuse(error: AppError) -> types.CallToolResult:
    """A refusal: one JSON text that a model can act on."""
    return types.CallToolResult(content=[types.TextContent(text=as_json({"error": error.as_dict()}))], is_error=True)


def unexpected() -> types.CallToolResult:
    """The answer to a fault of ours: a generic sentence and the request id, never its cause."""
    return refuse(Unavailable(generic_message(), retry_after=RETRY_SECONDS))


def as_json(value: object) -> str:
    """JSON text, in the characters people typed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
