"""Reading a posted body whole, within bounds of size and time."""

from typing import Final

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.errors import Invalid
from app.ops.requests import BODY_SECONDS

MAX_BODY: Final = 64 * 1024


async def read_whole_body(request: Request) -> bytes:
    """The body. Raises `Invalid` when it is cut off, or takes longer than BODY_SECONDS, and `HTTPException` 413 when
    it has more than MAX_BODY bytes."""
    body = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise HTTPException(413, "Content Too Large")
            return bytes(body)
    except (ClientDisconnect, TimeoutError):
        raise Invalid("What was sent did not arrive whole, or not in time.") from None
