"""Requests of ours to issuers, by the one fetcher."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import httpx2

from app.ops.fetch import Fetcher, FetchFailed

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes. The key sets of the largest providers are a tenth of it."""


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


def outbound_of(fetcher: Fetcher) -> Outbound:
    """Requests by the one fetcher. Whoever runs the service has chosen these servers, so they may be on a private
    network."""

    async def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        try:
            fetched = await fetcher.request(
                method, url, headers=headers, content=body or None, limit_bytes=LONGEST_ANSWER, chosen_by_us=True
            )
        except FetchFailed as error:
            raise OutboundFailed(str(error.reason)) from error
        return Answer(fetched.status, fetched.headers.get("content-type", ""), fetched.body)

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
