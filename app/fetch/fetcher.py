"""The one outbound fetcher. Of what strangers choose it reaches public https servers and nothing else; an address that
the settings name may be private too (`Asked.chosen`).

A name is resolved once for each fetch; every address that comes back must be allowed, and the connection goes to a
checked address, so that a second answer of a hostile name server comes too late. No redirect is followed; proxies,
cookies and the environment play no part; size and time are bounded. What strangers choose takes no place and no
look-up from what the settings name, nor what anybody can have fetched from what is for people who have signed in, and
what one of them asks for leaves enough to the others.
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

_GONE: Final = (404, 410)
_ABOUT_US: Final = (401, 403, 407, 408, 425, 429)
"""A site that answers so does not want us, or not now; it does not say that nothing is there."""
_HEADERS: Final = {
    "User-Agent": "shopping-list-mcp",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `chosen` is the address in the settings that it is about; None when strangers chose it.
    `requester` is the network address on whose behalf it is; None for what the settings name. `for_person`: somebody
    who has signed in wants it.

    What is about a setting has places and look-ups of its own, and so has what is for a person. Only at the host and
    port of the setting it may reach private addresses: what a server there says of others is the word of a stranger.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes | None = field(default=None, repr=False)
    limit_bytes: int = DOCUMENT_BYTES
    chosen: str | None = None
    requester: str | None = None
    for_person: bool = False


class Fetcher:
    """Fetches over https, with bounds on how much goes on at once.

    `resolve_host` finds addresses and may block; `seconds` bounds each fetch. For tests, `allow_loopback` lets it reach
    this machine, and `ca_file` is a certificate authority to believe besides the usual ones. `allow_plain_loopback`
    lets it do without TLS on this machine, at servers that are named in the settings.
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
        self._seconds = seconds
        self._allow_loopback = allow_loopback
        self._allow_plain_loopback = allow_plain_loopback
        self._ca_file = ca_file

    async def get(
        self, url: str, requester: str, *, limit_bytes: int = DOCUMENT_BYTES, for_person: bool = False
    ) -> Fetched:
        """The answer 200 to GET at an address that a stranger chose. Raises `FetchFailed` for every other one.

        `requester` is the network address on whose behalf it is fetched, `for_person` whether for somebody who has
        signed in.
        """
        asked = Asked(url, limit_bytes=limit_bytes, requester=requester, for_person=for_person)
        fetched = await self.request(asked)
        if fetched.status in _GONE:
            raise FetchFailed(Reason.GONE)
        if fetched.status in _ABOUT_US:
            raise FetchFailed(Reason.UNREACHABLE)
        if fetched.status != 200:
            raise FetchFailed(Reason.UNUSABLE)
        return fetched

    async def request(self, asked: Asked) -> Fetched:
        """The answer, a refusal (4xx) too. Raises `FetchFailed` for none, 5xx, a redirect, or one too large."""
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
        return self._people if asked.for_person else self._strangers

    async def _addresses_of(
        self, places: FetchPlaces, url: httpx2.URL, requester: str | None, *, anywhere: bool
    ) -> Sequence[IPAddress]:
        """The checked addresses of a host: one look-up, and one bad address spoils them all."""
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
                # The connection goes to the address; name and certificate stay those of the host.
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
    """The fetcher as the settings want it."""
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
    if not is_secure or not url.host or url.userinfo:
        raise FetchFailed(Reason.REFUSED)


def _place(url: httpx2.URL) -> tuple[str, int]:
    """Host and port of an address."""
    return _host(url), url.port or (80 if url.scheme == "http" else 443)


def _host(url: httpx2.URL) -> str:
    """The host as it travels: ASCII, an IPv6 address without brackets."""
    return url.raw_host.decode("ascii")
