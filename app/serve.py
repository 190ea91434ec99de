"""Running the service in the foreground."""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Any, Final

import uvicorn

from app.db import create_engine
from app.db.startup import Stopped, database
from app.limits.rate_limit import RateLimiter
from app.main import create_app
from app.oauth.signing.key_ring import KeyRing
from app.runtime.process import check_address, freeze_gc
from app.settings.public_url import leave_public_url
from app.settings.settings import Settings

GRACEFUL_SECONDS: Final = 8
"""How long open requests may go on after SIGTERM."""


def serve(settings: Settings) -> None:
    """Serve until a signal asks to stop. Raises `StartupError` when the service can't start."""
    with suppress(Stopped):
        _serve(settings)


def _serve(settings: Settings) -> None:
    check_address(settings.host, settings.port)
    with database(settings) as complete:
        if settings.database_url is None:
            leave_public_url(settings)
        if complete.auth_server == "on":
            asyncio.run(_check_keys(complete))
        RateLimiter(complete.rate_limit_storage_url.get_secret_value())  # a worker could only say that it can't start
        print(f"Open {complete.public_url} or give your assistant {complete.resource} (Ctrl-C stops)", file=sys.stderr)
        if complete.workers == 1:
            app = create_app(complete)
            freeze_gc()
            uvicorn.Server(uvicorn.Config(app, **uvicorn_options(complete))).run()
        else:
            _hand_down(complete)
            uvicorn.run("app.main:create_worker", factory=True, workers=complete.workers, **uvicorn_options(complete))


async def _check_keys(settings: Settings) -> None:
    """Raises `StartupError` when SECRET_KEY doesn't open the signing keys. The application reads them again, but
    a fault found there has no exit status of its own."""
    assert settings.database_url is not None  # noqa: S101
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        await KeyRing(engine, settings).load()
    finally:
        await engine.dispose()


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn is to serve."""
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # Addresses of clients come from X-Forwarded-For of the proxies named in FORWARDED_ALLOW_IPS (uvicorn).
        "proxy_headers": True,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
    }


def _hand_down(settings: Settings) -> None:
    """Worker processes read their settings from the environment."""
    secrets = {
        "DATABASE_URL": settings.database_url,
        # The pair is required, but a worker migrates nothing: the owner's password stays here.
        "MIGRATION_DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
    }
    os.environ.update({name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None})
