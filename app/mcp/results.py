"""Results and refusals as an assistant receives them."""

from typing import Any

from pydantic_core import to_json

from app.errors import AppError, Unavailable
from app.mcp.spec import ToolResult
from app.runtime.requests import generic_message

Json = dict[str, Any]
"""A JSON object. What is made here is a `CallToolResult` of the MCP schema, of any revision."""

RETRY_SECONDS = 1


def as_dict(result: ToolResult) -> Json:
    """A result as plain JSON values, without absent fields."""
    return result.model_dump(mode="json", exclude_none=True)


def answer(structured: Json, words: str) -> Json:
    """A result: the object itself, the same as JSON text, and one line of prose."""
    return {"content": [_text(as_json(structured)), _text(words)], "structuredContent": structured, "isError": False}


def refuse(error: AppError) -> Json:
    """A refusal: one JSON text that a model can act on."""
    return {"content": [_text(as_json({"error": error.as_dict()}))], "isError": True}


def unexpected() -> Json:
    """The answer to a fault of ours: a generic sentence and the request id, never its cause."""
    return refuse(Unavailable(generic_message(), retry_after=RETRY_SECONDS))


def as_json(value: object) -> str:
    """JSON text, in the characters people typed."""
    return to_json(value).decode()


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
