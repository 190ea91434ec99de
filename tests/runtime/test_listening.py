"""The addresses that the service listens on, bound before anything else starts."""

import socket

import pytest

from app.errors import StartupError
from app.runtime.listening import bound_sockets, shown_address
from tests.service import free_port


def addresses(host: str) -> list[str]:
    """Where the sockets of a host are bound."""
    with bound_sockets(host, free_port()) as sockets:
        return [each.getsockname()[0] for each in sockets]


@pytest.mark.proves("bind-local")
def test_localhost_is_bound_in_both_families() -> None:
    assert addresses("localhost") == ["127.0.0.1", "::1"]


def test_every_address_is_bound_in_both_families() -> None:
    assert addresses("::") == ["::", "0.0.0.0"]  # noqa: S104


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])  # noqa: S104
def test_an_address_is_bound_alone(host: str) -> None:
    assert addresses(host) == [host]


def test_a_machine_without_ipv6_is_bound_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says if IPv6 is off; no test can turn it off."""
    made = socket.socket

    def without_ipv6(family: int = socket.AF_INET, *arguments: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return made(family, *arguments)

    monkeypatch.setattr("app.runtime.listening.socket.socket", without_ipv6)
    assert addresses("localhost") == ["127.0.0.1"]
    with pytest.raises(StartupError, match="HOST: :: is not an address of this machine"):
        addresses("::")


def test_a_port_is_free_again_behind_the_block() -> None:
    port = free_port()
    for _ in range(2):
        with bound_sockets("localhost", port) as sockets:
            for each in sockets:
                each.listen()


@pytest.mark.parametrize(
    ("host", "taken"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("localhost", "::1")]
)
def test_a_port_in_use_is_named(host: str, taken: str) -> None:
    family = socket.AF_INET6 if ":" in taken else socket.AF_INET
    with socket.create_server((taken, 0), family=family) as other:
        port = other.getsockname()[1]
        message = f"PORT: {port} is in use by another program; stop it, or set PORT"
        with pytest.raises(StartupError, match=message), bound_sockets(host, port):
            pass


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_of_another_machine_is_named(host: str) -> None:
    with pytest.raises(StartupError, match=f"HOST: {host} is not an address of this machine"):
        addresses(host)


def test_an_address_is_shown_as_browsers_take_it() -> None:
    assert shown_address("localhost", 8000) == "http://localhost:8000"
    assert shown_address("::1", 8000) == "http://[::1]:8000"
