"""Running the service in the foreground."""

import asyncio
import logging
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from app.db import create_engine
from app.db.startup import Stopped, database, only_service
from app.limits.rate_limit import RateLimiter
from app.main import create_app, create_worker
from app.oauth.signing.key_ring import KeyRing
from app.runtime.http_protocol import CONNECTIONS, DESCRIPTORS, BoundedHttpProtocol, connections_within
from app.runtime.listening import bound_sockets, shown_address
from app.runtime.process import freeze_gc, raise_descriptor_limit
from app.settings import Settings
from app.settings.public_url import write_public_url

GRACEFUL_SECONDS: Final = 8
"""How long open requests may go on after SIGTERM."""

WORKER_SECONDS: Final = 60
"""How long a worker may leave its parent without an answer before it is killed and replaced. It gives none while it
imports the program, which takes many seconds on a busy machine: uvicorn's 5 would kill it again and again."""


def serve(settings: Settings) -> None:
    """Serve until a signal asks to stop. Raises `StartupError` when the service can't start."""
    with suppress(Stopped), bound_sockets(settings.host, settings.port) as sockets:
        _serve(settings, sockets)


def _serve(settings: Settings, sockets: list[socket.socket]) -> None:
    connections = connections_within(raise_descriptor_limit(DESCRIPTORS))
    with only_service(settings), database(settings) as complete:
        if settings.database_url is None:
            write_public_url(settings)
        if complete.auth_server:
            asyncio.run(_check_keys(complete))
        RateLimiter(complete.rate_limit_storage_url.get_secret_value())  # a worker could only say that it can't start
        print(f"Open {complete.public_url} or give your assistant {complete.resource} (Ctrl-C stops)", file=sys.stderr)
        if complete.workers == 1:
            app = create_app(complete)
            freeze_gc()
            Server(uvicorn.Config(app, **uvicorn_options(complete, connections))).run(sockets)
        else:
            _serve_with_workers(complete, connections, sockets)


async def _check_keys(settings: Settings) -> None:
    """Check that SECRET_KEY decrypts the signing keys. Raises `StartupError`.

    The application reads them again, but a fault found there has no exit status of its own.
    """
    assert settings.database_url is not None  # noqa: S101
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        await KeyRing(engine, settings.secret_keys).load()
    finally:
        await engine.dispose()


def uvicorn_options(settings: Settings, connections: int = CONNECTIONS) -> dict[str, Any]:
    """How uvicorn is to serve, with so many connections in each process."""
    return {
        "host": settings.host,  # uvicorn's log alone: the sockets are bound already
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "http": BoundedHttpProtocol,
        "limit_concurrency": connections,
        # Addresses of clients come from X-Forwarded-For of the proxies named in FORWARDED_ALLOW_IPS (uvicorn).
        "proxy_headers": True,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
        "timeout_worker_healthcheck": WORKER_SECONDS,
    }


class Server(uvicorn.Server):
    """Says when it serves. uvicorn says so only of sockets that it made itself."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve on these sockets."""
        await super().startup(sockets)
        if self.started:
            _say_running(self.config)


def _say_running(config: uvicorn.Config) -> None:
    address = shown_address(config.host, config.port)
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s (Press CTRL+C to quit)", address)


def _serve_with_workers(settings: Settings, connections: int, sockets: list[socket.socket]) -> None:
    """Serve from several processes. Each gets the settings as an argument of its start; the owner role's password
    stays here, because a worker migrates nothing."""
    make_app = partial(create_worker, settings.model_copy(update={"migration_database_url": None}))
    config = uvicorn.Config(make_app, factory=True, workers=settings.workers, **uvicorn_options(settings, connections))
    _say_running(config)
    Multiprocess(config, sockets=sockets).run()
