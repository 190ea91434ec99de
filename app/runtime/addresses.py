"""Network addresses: which are out on the internet, where a request of ours can reach nothing that is private, and
whose they are."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

IPAddress = IPv4Address | IPv6Address

Resolve = Callable[[str, int], Sequence[IPAddress]]
"""The addresses of a host, best first, once they are known. Raises OSError or UnicodeError when there are none."""

IPV6_SUBSCRIBER_PREFIX: Final = 64
IPV6_SITE_PREFIX: Final = 48
SITE_SHARE: Final = 4
"""How many times what one subscriber may do all in a /48 may: many have a /56 or a /48 to themselves."""

# What an IPv6 address of these networks reaches is the IPv4 address in its last 32 bits (RFC 6052 section 2.1,
# RFC 4291 section 2.5.5.1).
_EMBEDDING: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))

# Entries of IANA's special-purpose address registries that `is_global` of older Pythons does not know.
_SPECIAL: Final = tuple(
    ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")
)


def resolve(host: str, port: int) -> list[IPAddress]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


def known_address(host: str | None) -> str | None:
    """An address in its canonical form, and None for what is no address (a proxy may have said anything)."""
    try:
        return None if host is None else str(ip_address(host))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Network:
    """A network whose members count together; they may do `share` times what one subscriber may."""

    name: str
    share: int = 1


def networks_of(address: str) -> tuple[Network, ...]:
    """What an address counts with, the narrowest first: itself, or the /64 and the /48 around an IPv6 one, because
    whoever has one address of a /64 has them all. An IPv4 address in IPv6 spelling is that IPv4 address; what is no
    address stays as it is."""
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
    """The narrowest network of an address: whose it is, as far as anybody can say."""
    return networks_of(address)[0].name


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the internet's, and nobody's own: not this machine, a private network, a cloud's
    metadata service, multicast, or an IPv6 address that such an IPv4 address hides in."""
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
