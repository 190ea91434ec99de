"""Running the service in the foreground, together with the embedded database where there is no other."""

import asyncio
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

import asyncpg
import uvicorn
from pydantic import SecretStr

from app.config import Settings
from app.db import create_engine
from app.db.driver import connect
from app.db.embedded import EmbeddedPostgres
from app.db.faults import in_words
from app.db.migrate import migrate
from app.db.roles import refuse_powerful_role
from app.errors import StartupError
from app.main import create_app
from app.oauth.signing.keys import KeyRing
from app.ops.counters import Counters
from app.ops.garbage import spare_what_stays
from app.ops.listening import check_address
from app.public_url import leave_public_url
from app.secret_key import keep_secret_key

GRACEFUL_SECONDS: Final = 8
"""How long open requests may go on after SIGTERM."""

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(SystemExit):
    """A signal asked the process to stop; the exit status is the one that shells give it."""

    def __init__(self, number: int) -> None:
        self.status: Final = 128 + number
        super().__init__(self.status)


@contextmanager
def database(settings: Settings) -> Generator[Settings]:
    """The settings with a running, migrated database in them; one of our own ends with the block.

    Raises `StartupError` when it can't start, can't be migrated, or would not keep households apart.
    """
    with _stopping_cleanly():
        if settings.database_url is not None and settings.migration_database_url is not None:
            _prepare(settings)
            yield settings
            return
        with EmbeddedPostgres(settings.data_dir) as urls:
            addresses = {
                "database_url": SecretStr(urls.service),
                "migration_database_url": SecretStr(urls.owner),
            }
            complete = keep_secret_key(settings).model_copy(update=addresses)
            _prepare(complete)
            yield complete


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
        Counters(complete.rate_limit_storage_url.get_secret_value())  # a worker could only say that it can't start
        print(f"Open {complete.public_url} or give your assistant {complete.resource} (Ctrl-C stops)", file=sys.stderr)
        if complete.workers == 1:
            app = create_app(complete)
            spare_what_stays()
            uvicorn.Server(uvicorn.Config(app, **uvicorn_options(complete))).run()
        else:
            _hand_down(complete)
            uvicorn.run("app.main:create_worker", factory=True, workers=complete.workers, **uvicorn_options(complete))


def _prepare(settings: Settings) -> None:
    assert settings.database_url is not None  # noqa: S101
    assert settings.migration_database_url is not None  # noqa: S101
    service_url = settings.database_url.get_secret_value()
    migrate(settings.migration_database_url.get_secret_value(), service_url)
    asyncio.run(_check_role(service_url))


async def _check_role(service_url: str) -> None:
    """Raises `StartupError` when the service role can't connect, or can see past row-level security."""
    try:
        await (await connect(service_url)).close()
    except (OSError, ValueError, asyncpg.PostgresError) as error:
        raise StartupError(f"DATABASE_URL: {in_words(error)}") from None
    engine = create_engine(service_url, pool_size=1)
    try:
        await refuse_powerful_role(engine)
    finally:
        await engine.dispose()


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


@contextmanager
def _stopping_cleanly() -> Generator[None]:
    """Turn the signals that end the process into an exception, so that every `finally` runs, and ignore repeats.

    uvicorn handles them itself while it serves, and raises the one it got again when it is done: by then it
    arrives here.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
