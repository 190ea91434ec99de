"""Requests of ours to issuers that are named in the settings, by the one fetcher."""

from typing import Final

import httpx2

from app.fetch.answers import FetchFailed
from app.fetch.fetcher import Asked, Fetcher

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes. The key sets of the largest providers are a tenth of it."""

_KEPT: Final = ("accept", "authorization", "content-type", "user-agent")


def asked_of(issuer: str, url: str) -> Asked:
    """A request for a document of an issuer, whose identifier is in the settings."""
    return Asked(url, limit_bytes=LONGEST_ANSWER, chosen=issuer)


class IssuerTransport(httpx2.AsyncBaseTransport):
    """The fetcher as a transport, for Authlib's client: whatever it asks an issuer goes the one way out."""

    def __init__(self, fetcher: Fetcher, issuer: str) -> None:
        self._fetcher = fetcher
        self._issuer = issuer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `httpx2.ConnectError` when there is no usable answer."""
        asked = Asked(
            str(request.url),
            request.method,
            headers={name: request.headers[name] for name in _KEPT if name in request.headers},
            content=await request.aread() or None,
            limit_bytes=LONGEST_ANSWER,
            chosen=self._issuer,
        )
        try:
            fetched = await self._fetcher.request(asked)
        except FetchFailed as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        content_type = fetched.headers.get("content-type", "")
        return httpx2.Response(
            fetched.status, headers={"Content-Type": content_type}, content=fetched.body, request=request
        )
