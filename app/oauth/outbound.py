"""Requests of ours to issuers: bounded in time and size, never redirected, https only (loopback apart)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

import anyio
import httpx
import httpx2

from app.config import Settings, is_loopback

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes. The key sets of the largest providers are a tenth of it."""

SECONDS: Final = 5


class OutboundFailed(Exception):
    """There was no usable answer; the argument says why, in a word or two and without anything that was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class Outbound(Protocol):
    """Sends one request and reads the whole answer; raises `OutboundFailed`."""

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer: ...


def plain_outbound(settings: Settings) -> Outbound:
    """Requests with httpx. Plain http is for loopback addresses, when PUBLIC_URL is local too."""

    async def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        _refuse_insecure(url, local=settings.is_local)
        try:
            with anyio.fail_after(SECONDS):
                async with (
                    httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=SECONDS) as client,
                    client.stream(method, url, headers=headers, content=body) as response,
                ):
                    received = bytearray()
                    async for part in response.aiter_bytes():
                        received += part
                        if len(received) > LONGEST_ANSWER:
                            raise OutboundFailed("the answer is too large")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise OutboundFailed(type(error).__name__) from error
        return Answer(response.status_code, response.headers.get("content-type", ""), bytes(received))

    return send


class OutboundTransport(httpx2.AsyncBaseTransport):
    """The same as a transport, for Authlib's client: whatever it asks goes the one way out."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `httpx2.ConnectError` when there is no usable answer."""
        kept = ("accept", "authorization", "content-type", "user-agent")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        try:
            answer = await self._outbound(request.method, str(request.url), headers, await request.aread())
        except OutboundFailed as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(
            answer.status, headers={"Content-Type": answer.content_type}, content=answer.body, request=request
        )


def _refuse_insecure(url: str, *, local: bool) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise OutboundFailed("not an address") from None
    if parts.scheme == "https" or (parts.scheme == "http" and local and is_loopback(parts.hostname or "")):
        return
    raise OutboundFailed("not https")
