"""Network addresses: where a request came from, which networks an address counts with, and which are public."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

IPAddress = IPv4Address | IPv6Address

Resolve = Callable[[str, int], Sequence[IPAddress]]
"""Returns the addresses of a host, best first; may block. Raises OSError or UnicodeError when there are none."""

LONGEST_ADDRESS: Final = 100
"""Characters: 39 of an IPv6 address, and the name of a network interface."""

IPV6_SUBSCRIBER_PREFIX: Final = 64
IPV6_SITE_PREFIX: Final = 48
SITE_SHARE: Final = 4
"""A /48 may do this many times what one subscriber may: many subscribers have a /56 or a /48 to themselves."""

# An IPv6 address in these networks leads to the IPv4 address in its last 32 bits (RFC 6052 section 2.1, RFC 4291
# section 2.5.5.1).
_EMBEDDING: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))

# Entries of IANA's special-purpose address registries that `is_global` doesn't know in older versions of Python.
_SPECIAL: Final = tuple(
    ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")
)


def resolve(host: str, port: int) -> list[IPAddress]:
    """Look up the addresses of a host with the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


def known_address(host: str | None) -> str | None:
    """Return an address in its canonical form, or None if it isn't one: a proxy may have sent anything."""
    return None if host is None or len(host) > LONGEST_ADDRESS else _canonical(host)


def known_network(host: str | None) -> str | None:
    """Return the narrowest network of an address, or None if it isn't one."""
    address = known_address(host)
    return None if address is None else network_of(address)


@lru_cache(1024)
def _canonical(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Network:
    """A network whose addresses count together; its limit is `share` times that of one subscriber."""

    name: str
    share: int = 1


def networks_of(address: str) -> tuple[Network, ...]:
    """Return the networks that an address counts with, the narrowest first.

    They are the /64 and the /48 around an IPv6 address, because a subscriber has a whole /64; otherwise the address
    itself. An IPv4-mapped IPv6 address is treated as IPv4. Text that isn't an address is a network of its own.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return (Network(address),)
    if isinstance(parsed, IPv4Address):
        return (Network(str(parsed)),)
    if parsed.ipv4_mapped is not None:
        return (Network(str(parsed.ipv4_mapped)),)
    return (
        Network(_around(parsed, IPV6_SUBSCRIBER_PREFIX)),
        Network(_around(parsed, IPV6_SITE_PREFIX), SITE_SHARE),
    )


def network_of(address: str) -> str:
    """Return the narrowest network of an address: the best guess at a single subscriber."""
    return networks_of(address)[0].name


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public internet: not this machine, a private network, a cloud's metadata service or
    multicast, nor an IPv6 address that embeds such an IPv4 address."""
    if isinstance(address, IPv6Address) and (embedded := _embedded(address)) is not None:
        return is_public(embedded)
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _around(address: IPv6Address, prefix: int) -> str:
    return str(IPv6Network((int(address), prefix), strict=False))


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _EMBEDDING):
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def client_address(request: Request) -> str:
    """Return the network address that a request came from."""
    return client_address_in(request.scope)


def client_address_in(scope: Scope) -> str:
    """Return the network address in an ASGI scope; uvicorn has applied X-Forwarded-For."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else "unknown"
