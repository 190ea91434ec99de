"""Whether a server could listen on an address, found out before anything else starts."""

import socket
import subprocess
import sys

import pytest

from app.errors import StartupError
from app.runtime.process import check_address
from tests.service import free_port


def test_a_free_port_passes_and_stays_free() -> None:
    port = free_port()
    check_address("127.0.0.1", port)
    check_address("localhost", port)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupError, match=f"PORT: {port} is in use by another program; stop it, or set PORT"):
            check_address("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_of_another_machine_is_named(host: str) -> None:
    with pytest.raises(StartupError, match=f"HOST: {host} is not an address of this machine"):
        check_address(host, free_port())


_RAISE = """
import resource
import sys
from app.runtime.process import raise_descriptor_limit

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_descriptor_limit(6000), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "allowed"),
    [(256, 8000, "6000 6000 8000"), (256, 1000, "1000 1000 1000"), (7000, 8000, "6000 7000 8000")],
    ids=["as many as wanted", "as many as the system lets it", "never fewer than before"],
)
def test_the_limit_of_descriptors_is_raised(soft: int, hard: int, allowed: str) -> None:
    command = [sys.executable, "-c", _RAISE, str(soft), str(hard)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == allowed
