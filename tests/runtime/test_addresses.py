"""Which addresses are anybody's to reach."""

from ipaddress import ip_address

import pytest

from app.runtime.addresses import SITE_SHARE, Network, is_public, networks_of, resolve


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "2002:a00:1::",
        "2002:7f00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "ff02::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ],
)
def test_what_is_private_special_or_hidden_in_ipv6_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"],
)
def test_what_is_on_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_every_spelling_of_an_address_is_read_as_the_system_reads_it(spelling: str) -> None:
    assert resolve(spelling, 443) == [ip_address("127.0.0.1")]


@pytest.mark.parametrize("address", ["192.0.2.1", "::ffff:192.0.2.1"])
def test_an_ipv4_address_counts_with_itself(address: str) -> None:
    assert networks_of(address) == (Network("192.0.2.1"),)


def test_an_ipv6_address_counts_with_its_subscriber_and_its_site() -> None:
    found = networks_of("2001:db8:1:2:3::4")
    assert found == (Network("2001:db8:1:2::/64"), Network("2001:db8:1::/48", SITE_SHARE))
