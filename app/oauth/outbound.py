"""Requests of ours to issuers: bounded in time and size, never redirected, https only (loopback apart)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

import anyio
import httpx

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


def _refuse_insecure(url: str, *, local: bool) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise OutboundFailed("not an address") from None
    if parts.scheme == "https" or (parts.scheme == "http" and local and is_loopback(parts.hostname or "")):
        return
    raise OutboundFailed("not https")
