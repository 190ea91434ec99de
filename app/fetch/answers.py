"""The result of a fetch: a response, or the reason why there is no usable one."""

from dataclasses import dataclass
from enum import StrEnum

import httpx2


class Reason(StrEnum):
    """Why there is no usable response."""

    REFUSED = "refused"
    """The address is not allowed; nothing was sent there."""
    UNREACHABLE = "unreachable"
    """A network error, a timeout, 5xx, or a status about this service: an earlier response may still be correct."""
    BUSY = "busy"
    """Too many fetches are running, overall or for this requester; nothing was sent."""
    GONE = "gone"
    """404 or 410."""
    UNUSABLE = "unusable"
    """Any other status, including redirects; or the body is too large."""


class FetchFailed(Exception):
    """There is no usable response. Never show the reason to strangers: it would let them map the private network."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Redirected(FetchFailed):
    """The response is a redirect, which was not followed; `location` is where to, as it was sent."""

    def __init__(self, location: str) -> None:
        super().__init__(Reason.UNUSABLE)
        self.location = location


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: its status, headers, and body as sent."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the server says that the body is JSON: `application/json`, or `+json` (RFC 6839 section 3.1)."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def read_answer(response: httpx2.Response, limit_bytes: int) -> Fetched:
    """Read a response. Raises `FetchFailed` for 5xx, a redirect (`Redirected`), or more than `limit_bytes`."""
    if response.status_code >= 500:
        raise FetchFailed(Reason.UNREACHABLE)
    if response.has_redirect_location:
        raise Redirected(response.headers["location"])
    # Compression was not accepted, and a small compressed body can expand to a huge one.
    if 300 <= response.status_code < 400 or "content-encoding" in response.headers:
        raise FetchFailed(Reason.UNUSABLE)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit_bytes:
            raise FetchFailed(Reason.UNUSABLE)
    return Fetched(response.status_code, response.headers, bytes(body))
