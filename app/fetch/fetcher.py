"""All outbound HTTP goes through this fetcher, which prevents server-side request forgery (SSRF).

A URL that a stranger chose must lead to a public https server; only a URL from the settings may lead to a private
address (`Asked.chosen`). A name is resolved once for each fetch, all its addresses must be allowed, and the connection
goes to one of these, so DNS rebinding has no effect. Redirects are not followed; proxies, cookies and environment
variables are ignored; size and time are bounded.

Fetches for the settings, for people who have signed in, of web pages, pushes to browsers, and fetches for everyone else
have separate slots and look-ups, so none of them can starve the others.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import anyio
import httpx2

from app.fetch.answers import Fetched, FetchFailed, Reason, read_answer
from app.fetch.bulkheads import Bounds, FetchPlaces
from app.limits import defaults
from app.limits.defaults import FETCH_SECONDS, PATIENCE
from app.runtime.addresses import IPAddress, Resolve, is_public, resolve
from app.settings import Settings
from app.settings.types import is_loopback

DOCUMENT_BYTES: Final = 5 * 1024
KEYS_BYTES: Final = 64 * 1024
CONNECT_SECONDS: Final = 2
MOST_ADDRESSES: Final = 4

OWN: Final = Bounds(
    defaults.OWN_FETCHES, defaults.OWN_FETCHES, defaults.OWN_FETCHES, defaults.OWN_LOOK_UPS, defaults.OWN_LOOK_UPS
)
STRANGERS: Final = Bounds(
    defaults.FETCHES,
    defaults.FETCHES_OF_HOST,
    defaults.FETCHES_OF_NETWORK,
    defaults.LOOK_UPS,
    defaults.LOOK_UPS_OF_NETWORK,
)
PAGES: Final = Bounds(
    defaults.PAGE_FETCHES,
    defaults.PAGE_FETCHES_OF_HOST,
    defaults.PAGE_FETCHES_OF_NETWORK,
    defaults.PAGE_LOOK_UPS,
    defaults.PAGE_LOOK_UPS_OF_NETWORK,
)
PUSHES: Final = Bounds(
    defaults.PUSHES,
    defaults.PUSHES_OF_HOST,
    defaults.PUSHES,
    defaults.PUSH_LOOK_UPS,
    defaults.PUSH_LOOK_UPS,
)

_GONE: Final = (404, 410)
_ABOUT_US: Final = (401, 403, 407, 408, 425, 429)
"""With these, a site refuses this service, perhaps only for now; it doesn't say that nothing is there."""
_HIGHEST_PORT: Final = 65_535
_HEADERS: Final = {
    "User-Agent": "shopping-list-mcp",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
_OF_PAGE: Final = {"Accept": "text/html, application/xhtml+xml"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    `chosen` is the URL in the settings that it belongs to, or None when a stranger chose its URL. Private addresses are
    allowed only at the host and port of `chosen`: other URLs that a server there names count as chosen by a stranger.
    `requester` is the network address on whose behalf it is made; None for the settings. `for_person` is true when it
    is made for a person who has signed in, `is_page` when they want a web page, and `is_push` when it is a push to an
    address that a browser named.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes | None = field(default=None, repr=False)
    limit_bytes: int = DOCUMENT_BYTES
    chosen: str | None = None
    requester: str | None = None
    for_person: bool = False
    is_page: bool = False
    is_push: bool = False


class Fetcher:
    """Fetches over https, a bounded number at once.

    `resolve_host` looks up addresses and may block; `seconds` bounds each fetch. For tests, `allow_loopback` lets it
    reach this machine, and `ca_file` adds a trusted certificate authority. `allow_plain_loopback` allows http on this
    machine, for servers named in the settings.
    """

    def __init__(
        self,
        *,
        resolve_host: Resolve = resolve,
        seconds: float = FETCH_SECONDS,
        allow_loopback: bool = False,
        allow_plain_loopback: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self._own = FetchPlaces(resolve_host, OWN, patience=seconds)
        self._strangers = FetchPlaces(resolve_host, STRANGERS, patience=seconds * PATIENCE)
        self._people = FetchPlaces(resolve_host, STRANGERS, patience=seconds * PATIENCE)
        self._pages = FetchPlaces(resolve_host, PAGES, patience=seconds * PATIENCE)
        self._pushes = FetchPlaces(resolve_host, PUSHES, patience=seconds * PATIENCE)
        self._seconds = seconds
        self._allow_loopback = allow_loopback
        self._allow_plain_loopback = allow_plain_loopback
        self._ca_file = ca_file

    async def get(
        self, url: str, requester: str, *, limit_bytes: int = DOCUMENT_BYTES, for_person: bool = False
    ) -> Fetched:
        """GET a URL that a stranger chose and return the response. Raises `FetchFailed` unless its status is 200.

        For `requester` and `for_person` see `Asked`.
        """
        return await self._get(Asked(url, limit_bytes=limit_bytes, requester=requester, for_person=for_person))

    async def _get(self, asked: Asked) -> Fetched:
        fetched = await self.request(asked)
        if fetched.status in _GONE:
            raise FetchFailed(Reason.GONE)
        if fetched.status in _ABOUT_US:
            raise FetchFailed(Reason.UNREACHABLE)
        if fetched.status != 200:
            raise FetchFailed(Reason.UNUSABLE)
        return fetched

    async def get_page(self, url: str, requester: str | None, *, limit_bytes: int) -> Fetched:
        """GET a web page that a person named. Raises as `get` does, and `Redirected` for a redirect."""
        asked = Asked(url, headers=_OF_PAGE, limit_bytes=limit_bytes, requester=requester, is_page=True)
        return await self._get(asked)

    async def request(self, asked: Asked) -> Fetched:
        """Return the response, also for a 4xx status. Raises `FetchFailed` for 5xx, redirects, large bodies, and when
        there is no response."""
        url = _parsed(asked.url)
        is_there = asked.chosen is not None and _place(_parsed(asked.chosen)) == _place(url)
        _check(url, plain=is_there and self._allow_plain_loopback)
        places = self._places_of(asked)
        try:
            with anyio.fail_after(self._seconds):
                addresses = await self._addresses_of(places, url, asked.requester, anywhere=is_there)
                async with places.place(_host(url), asked.requester):
                    return await self._exchange(addresses, url, asked)
        except (TimeoutError, httpx2.HTTPError):
            raise FetchFailed(Reason.UNREACHABLE) from None

    def _places_of(self, asked: Asked) -> FetchPlaces:
        if asked.chosen is not None:
            return self._own
        if asked.is_page:
            return self._pages
        if asked.is_push:
            return self._pushes
        return self._people if asked.for_person else self._strangers

    async def _addresses_of(
        self, places: FetchPlaces, url: httpx2.URL, requester: str | None, *, anywhere: bool
    ) -> Sequence[IPAddress]:
        """Look up a host once and return its addresses. Raises `FetchFailed` unless all of them are allowed."""
        try:
            addresses = await places.addresses_of(*_place(url), requester)
        except (OSError, ValueError):
            raise FetchFailed(Reason.UNREACHABLE) from None
        if not anywhere and not all(self._may_reach(address) for address in addresses):
            raise FetchFailed(Reason.REFUSED)
        return addresses[:MOST_ADDRESSES]

    def _may_reach(self, address: IPAddress) -> bool:
        return is_public(address) or (self._allow_loopback and address.is_loopback)

    async def _exchange(self, addresses: Sequence[IPAddress], url: httpx2.URL, asked: Asked) -> Fetched:
        headers = {**_HEADERS, **asked.headers, "Host": url.netloc.decode("ascii")}
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)  # `request` bounds the whole
        async with httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=timeout) as client:
            for address in addresses:
                # Connect to the address, but verify the certificate against the host's name.
                request = client.build_request(
                    asked.method,
                    url.copy_with(host=str(address)),
                    headers=headers,
                    content=asked.content,
                    extensions={"sni_hostname": _host(url)},
                )
                try:
                    response = await client.send(request, stream=True, follow_redirects=False)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    continue
                try:
                    return await read_answer(response, asked.limit_bytes)
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
    """Return the fetcher that the settings describe."""
    return Fetcher(
        allow_loopback=settings.fetch_allow_loopback,
        allow_plain_loopback=settings.is_local,
        ca_file=settings.fetch_ca_file,
    )


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL:
        raise FetchFailed(Reason.REFUSED) from None


def _check(url: httpx2.URL, *, plain: bool) -> None:
    is_secure = url.scheme == "https" or (plain and url.scheme == "http" and is_loopback(url.host))
    if not is_secure or not url.host or url.userinfo or not 0 < _place(url)[1] <= _HIGHEST_PORT:
        raise FetchFailed(Reason.REFUSED)


def _place(url: httpx2.URL) -> tuple[str, int]:
    return _host(url), (80 if url.scheme == "http" else 443) if url.port is None else url.port


def _host(url: httpx2.URL) -> str:
    """Return the host as it is sent: in ASCII, an IPv6 address without brackets."""
    return url.raw_host.decode("ascii")
