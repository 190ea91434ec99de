"""Reading a posted body whole, and in time. Its size is bounded by the routes."""

import anyio
from starlette.requests import ClientDisconnect, Request

from app.errors import Invalid
from app.ops.requests import BODY_SECONDS


async def read_whole_body(request: Request) -> bytes:
    """The body. Raises `Invalid` when it is cut off, or takes longer than BODY_SECONDS."""
    try:
        with anyio.fail_after(BODY_SECONDS):
            return await request.body()
    except (ClientDisconnect, TimeoutError):
        raise Invalid("What was sent did not arrive whole, or not in time.") from None
