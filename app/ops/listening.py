"""Whether the service can listen where it is told to."""

import errno
import socket

from app.errors import StartupError


def check_address(host: str, port: int) -> None:
    """Raises `StartupError` unless a server could listen on `host` and `port` now.

    Asked before anything else is started, because the server itself would find out last and end with a traceback.
    """
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                # The options of the server's own socket (asyncio), so that both meet the same answer.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except socket.gaierror:
        raise StartupError(f"HOST: {host} is not an address of this machine") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(f"PORT: {port} is in use by another program; stop it, or set PORT") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise StartupError(f"HOST: {host} is not an address of this machine") from None
        raise StartupError(f"PORT: can't listen on {host} port {port}: {error.strerror}") from None
