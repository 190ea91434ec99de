"""The addresses that the service listens on."""

import errno
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Final

from app.errors import StartupError

LOCALHOST: Final = "localhost"
_BOTH_FAMILIES: Final = {
    # Programs look up `localhost` and try ::1 first, or alone; some systems have no name for it.
    LOCALHOST: ("127.0.0.1", "::1"),
    # A socket of its own for IPv4: one for both would show its clients as ::ffff:192.0.2.1.
    "::": ("::", "0.0.0.0"),  # noqa: S104
}
"""Hosts that mean addresses of both families. A machine may lack the second one."""

_NO_SUCH_FAMILY: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})


@contextmanager
def bound_sockets(host: str, port: int) -> Generator[list[socket.socket]]:
    """Give the block a socket for each address of `host`, bound to `port`; nothing listens yet.

    Call it before anything else starts: the server itself would find out last, and end with a traceback.
    Raises `StartupError` unless a server could listen there now.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        try:
            for name in _BOTH_FAMILIES.get(host, (host,)):
                try:
                    for family, kind, protocol, _, address in socket.getaddrinfo(
                        name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
                    ):
                        sockets.append(stack.enter_context(_bound(socket.socket(family, kind, protocol), address)))
                except OSError as error:
                    if not sockets or error.errno not in _NO_SUCH_FAMILY:
                        raise
        except socket.gaierror:
            raise _no_address(host) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartupError(f"PORT: {port} is in use by another program; stop it, or set PORT") from None
            if error.errno in _NO_SUCH_FAMILY:
                raise _no_address(host) from None
            raise StartupError(f"PORT: can't listen on {host} port {port}: {error.strerror}") from None
        yield sockets


def shown_address(host: str, port: int) -> str:
    """Return where the service listens, as people write it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(unbound: socket.socket, address: tuple[object, ...]) -> socket.socket:
    try:
        # The same options as asyncio gives a server's socket.
        unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if unbound.family == socket.AF_INET6:
            unbound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        unbound.bind(address)
    except OSError:
        unbound.close()
        raise
    return unbound


def _no_address(host: str) -> StartupError:
    return StartupError(f"HOST: {host} is not an address of this machine")
