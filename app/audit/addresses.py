"""Network addresses as they are recorded, and whose they are."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

IPV6_SUBSCRIBER_PREFIX: Final = 64


def known_address(host: str | None) -> str | None:
    """An address in its canonical form, and None for what is no address (a proxy may have said anything)."""
    try:
        return None if host is None else str(ip_address(host))
    except ValueError:
        return None


def network_of(address: str | None) -> str | None:
    """The address, or the /64 around an IPv6 one: whoever has one of its addresses has them all."""
    if address is None:
        return None
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((int(parsed), IPV6_SUBSCRIBER_PREFIX), strict=False))
    return address
