"""Pages of what clients list, with opaque cursors (MCP specification, utilities/pagination)."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from mcp_types import PaginatedRequestParams
from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor

PER_PAGE: Final = 100
_PLACE: Final = TypeAdapter[int](Annotated[int, Field(strict=True, ge=0, le=10**6)])

Entry = TypeVar("Entry")


def page_of(entries: Sequence[Entry], params: PaginatedRequestParams | None) -> tuple[list[Entry], str | None]:
    """Return the page that a request asks for, and the cursor of the next one; None on the last.

    Raises `Invalid` for a cursor that we didn't make.
    """
    start = 0 if params is None or params.cursor is None else read_cursor(params.cursor, _PLACE)
    end = start + PER_PAGE
    return list(entries[start:end]), make_cursor(end) if end < len(entries) else None
