"""Reading a form with a file, within bounds: the file is kept on a disk if it is large."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import BinaryIO, Final

import anyio
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from app.errors import Invalid
from app.limits.defaults import UPLOAD_SECONDS
from app.ui.forms import Fields

UPLOAD_TYPE: Final = "multipart/form-data"
_MOST_FIELDS: Final = 10
_LONGEST_FIELD: Final = 4_096
_LONGEST_END: Final = 100


@asynccontextmanager
async def uploaded(request: Request, field: str, longest: int) -> AsyncGenerator[tuple[Fields, BinaryIO | None]]:
    """Give the block the fields of a posted form and the file in `field`, None without one; it is closed behind it.

    Raises `Invalid` for another content type, and for a body that is malformed, is cut off or takes longer than
    UPLOAD_SECONDS, and `HTTPException` 413 if it has more than `longest` bytes.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != UPLOAD_TYPE:
        raise Invalid("Send a form with the content type {type}.", values={"type": UPLOAD_TYPE})
    parser = MultiPartParser(
        request.headers,
        _bounded(request, longest),
        max_files=1,
        max_fields=_MOST_FIELDS,
        max_part_size=_LONGEST_FIELD,
    )
    try:
        with anyio.fail_after(UPLOAD_SECONDS):
            form = await parser.parse()
    except (ClientDisconnect, TimeoutError):
        raise Invalid("The request did not arrive completely, or not in time.") from None
    except MultiPartException:
        raise Invalid("The form is malformed, or has too many fields.") from None
    try:
        pairs = form.multi_items()
        file = next((value for name, value in pairs if name == field and isinstance(value, UploadFile)), None)
        texts = [(name, value) for name, value in pairs if isinstance(value, str)]
        yield Fields(texts), None if file is None or not file.filename else file.file
    finally:
        await form.close()


async def _bounded(request: Request, longest: int) -> AsyncGenerator[bytes]:
    left, end = longest, b""
    async for part in request.stream():
        left -= len(part)
        if left < 0:
            raise HTTPException(413, "Content Too Large")
        end = (end + part)[-_LONGEST_END:]
        yield part
    if not end.rstrip().endswith(b"--"):  # as the last boundary does; the parser takes a body that was cut off
        raise Invalid("The request did not arrive completely, or not in time.")
