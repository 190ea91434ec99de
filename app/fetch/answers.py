"""What comes of a fetch: an answer, or why there is none to use."""

from dataclasses import dataclass
from enum import StrEnum

import httpx2


class Reason(StrEnum):
    """Why there is no answer to use."""

    REFUSED = "refused"
    """The address is none that we fetch from; nothing was sent there."""
    UNREACHABLE = "unreachable"
    """A network fault, too slow, 5xx, or a status that is about us: what was fetched before may still be so."""
    BUSY = "busy"
    """Too much is being fetched, or for this requester: it was not begun, and says nothing of the address."""
    GONE = "gone"
    """404 or 410."""
    UNUSABLE = "unusable"
    """Any other status, a redirect too; or too large."""


class FetchFailed(Exception):
    """There is no answer to use, and why. Strangers are not to be told: it would show them our network."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: its status, headers, and body as sent."""

    status: int
    headers: httpx2.Headers
    body: bytes


async def read_answer(response: httpx2.Response, limit_bytes: int) -> Fetched:
    """The answer, read as far as that is allowed. Raises `FetchFailed` for 5xx, a redirect, or one too large."""
    if response.status_code >= 500:
        raise FetchFailed(Reason.UNREACHABLE)
    # Nothing compressed was asked for, and a small compressed body can be a huge one.
    if 300 <= response.status_code < 400 or "content-encoding" in response.headers:
        raise FetchFailed(Reason.UNUSABLE)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit_bytes:
            raise FetchFailed(Reason.UNUSABLE)
    return Fetched(response.status_code, response.headers, bytes(body))
