"""The one outbound fetcher. Strangers choose what it fetches, so it reaches public https servers and nothing else.

A name is resolved once for each fetch; every address that comes back must be public, and the connection goes to a
checked address, so that a second answer of a hostile name server comes too late. No redirect is followed; proxies,
cookies and the environment play no part; size and time are bounded.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

import anyio
import httpx2

from app.config import Settings, is_loopback
from app.ops.addresses import IPAddress, Resolve, is_public, resolve

DOCUMENT_BYTES: Final = 5 * 1024
KEYS_BYTES: Final = 64 * 1024
SECONDS: Final = 5
CONNECT_SECONDS: Final = 2
MOST_ADDRESSES: Final = 4
AT_ONCE: Final = 64

_GONE: Final = (404, 410)
_HEADERS: Final = {
    "User-Agent": "shopping-list-mcp",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


class Reason(StrEnum):
    """Why there is no answer to use."""

    REFUSED = "refused"
    """The address is none that we fetch from; nothing was sent there."""
    UNREACHABLE = "unreachable"
    """A network fault, too slow, or 5xx: what was fetched before may still be so."""
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


class Fetcher:
    """Fetches over https, at most AT_ONCE at a time.

    `resolve_host` finds addresses, `seconds` bounds each fetch. For tests, `allow_loopback` lets it reach this machine,
    and `ca_file` is a certificate authority to believe besides the usual ones. `allow_plain_loopback` lets it do
    without TLS on this machine, at servers that are named in the settings.
    """

    def __init__(
        self,
        *,
        resolve_host: Resolve = resolve,
        seconds: float = SECONDS,
        allow_loopback: bool = False,
        allow_plain_loopback: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self._resolve = resolve_host
        self._seconds = seconds
        self._allow_loopback = allow_loopback
        self._allow_plain_loopback = allow_plain_loopback
        self._ca_file = ca_file
        self._places = anyio.CapacityLimiter(AT_ONCE)

    async def get(self, url: str, *, limit_bytes: int = DOCUMENT_BYTES) -> Fetched:
        """The answer 200 to GET. Raises `FetchFailed` for every other one."""
        fetched = await self.request("GET", url, limit_bytes=limit_bytes)
        if fetched.status in _GONE:
            raise FetchFailed(Reason.GONE)
        if fetched.status != 200:
            raise FetchFailed(Reason.UNUSABLE)
        return fetched

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit_bytes: int = DOCUMENT_BYTES,
        chosen_by_us: bool = False,
    ) -> Fetched:
        """The answer, a refusal (4xx) too. Raises `FetchFailed` for none, 5xx, a redirect, or one too large.

        With `chosen_by_us` the server is named in the settings, and not by strangers: it may have a private address.
        """
        target = _target(url, plain=chosen_by_us and self._allow_plain_loopback)
        sent = {**_HEADERS, **(headers or {}), "Host": target.netloc.decode("ascii")}
        try:
            with anyio.fail_after(self._seconds):
                async with self._places:
                    addresses = await self._addresses_of(target, anywhere=chosen_by_us)
                    return await self._exchange(addresses, method, target, sent, content, limit_bytes)
        except (TimeoutError, httpx2.HTTPError):
            raise FetchFailed(Reason.UNREACHABLE) from None

    async def _addresses_of(self, target: httpx2.URL, *, anywhere: bool) -> Sequence[IPAddress]:
        """The checked addresses of a host: one look-up, and one bad address spoils them all."""
        try:
            addresses = await self._resolve(_host(target), target.port or (443 if target.scheme == "https" else 80))
        except (OSError, ValueError):
            raise FetchFailed(Reason.UNREACHABLE) from None
        if not anywhere and not all(self._may_reach(address) for address in addresses):
            raise FetchFailed(Reason.REFUSED)
        return addresses[:MOST_ADDRESSES]

    def _may_reach(self, address: IPAddress) -> bool:
        return is_public(address) or (self._allow_loopback and address.is_loopback)

    async def _exchange(
        self,
        addresses: Sequence[IPAddress],
        method: str,
        target: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes | None,
        limit_bytes: int,
    ) -> Fetched:
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)  # `request` bounds the whole
        async with httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=timeout) as client:
            for address in addresses:
                # The connection goes to the address; name and certificate stay those of the host.
                request = client.build_request(
                    method,
                    target.copy_with(host=str(address)),
                    headers=headers,
                    content=content,
                    extensions={"sni_hostname": _host(target)},
                )
                try:
                    response = await client.send(request, stream=True, follow_redirects=False)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    continue
                try:
                    return await _read(response, limit_bytes)
                finally:
                    await response.aclose()
        raise FetchFailed(Reason.UNREACHABLE)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = httpx2.create_ssl_context(trust_env=False)
        if self._ca_file is not None:
            context.load_verify_locations(self._ca_file)
        return context


def fetcher_of(settings: Settings) -> Fetcher:
    """The fetcher as the settings want it."""
    return Fetcher(
        allow_loopback=settings.fetch_allow_loopback == "on",
        allow_plain_loopback=settings.is_local,
        ca_file=settings.fetch_ca_file,
    )


def _target(url: str, *, plain: bool) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise FetchFailed(Reason.REFUSED) from None
    is_secure = target.scheme == "https" or (plain and target.scheme == "http" and is_loopback(target.host))
    if not is_secure or not target.host or target.userinfo:
        raise FetchFailed(Reason.REFUSED)
    return target


def _host(target: httpx2.URL) -> str:
    """The host as it travels: ASCII, an IPv6 address without brackets."""
    return target.raw_host.decode("ascii")


async def _read(response: httpx2.Response, limit_bytes: int) -> Fetched:
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
