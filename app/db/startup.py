"""The database that a command works on, ready: given, or the embedded one, which ends with its last user."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import asyncpg
from pydantic import SecretStr
from sqlalchemy import text

from app.db import create_engine
from app.db.embedded import SharedPostgres
from app.db.embedded.process import take_lock
from app.db.embedded.server import describe
from app.db.engine import Engine, connect, role_of
from app.db.faults import in_words
from app.db.revision import is_up_to_date
from app.db.transactions import transaction
from app.errors import StartupError
from app.settings import Settings
from app.settings.secret_key import keep_secret_key

ROOT: Final = Path(__file__).parents[2]
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SERVICE_LOCK: Final = "service.lock"
"""The file in DATA_DIR that the one process of `serve` has locked."""


class Stopped(SystemExit):
    """A signal asked the process to stop; the exit status is the one that shells give it."""

    def __init__(self, number: int) -> None:
        self.status: Final = 128 + number
        super().__init__(self.status)


@contextmanager
def database(settings: Settings) -> Generator[Settings]:
    """The settings with a running, migrated database in them; the embedded one ends with its last user.

    Raises `StartupError` when it can't start, can't be migrated, or would not keep households apart.
    """
    with _stopping_cleanly():
        if settings.database_url is not None and settings.migration_database_url is not None:
            _prepare(settings)
            yield settings
            return
        with SharedPostgres(settings.data_dir) as urls:
            addresses = {
                "database_url": SecretStr(urls.service),
                "migration_database_url": SecretStr(urls.owner),
            }
            complete = keep_secret_key(settings).model_copy(update=addresses)
            _prepare(complete)
            yield complete


@contextmanager
def only_service(settings: Settings) -> Generator[None]:
    """Keep a second service from serving the same embedded database: it would have another address, which commands
    could not tell from this one. Processes of `stdio` and commands are none. Raises `StartupError`."""
    if settings.database_url is not None or sys.platform == "win32":
        yield
        return
    data_dir = settings.data_dir.absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = take_lock(data_dir / SERVICE_LOCK)
    except OSError as error:
        raise StartupError(f"DATA_DIR {data_dir} can't be used: {describe(error)}") from None
    if lock is None:
        raise StartupError(f"DATA_DIR {data_dir} is in use by another service; stop it, or set DATA_DIR")
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def external_database(settings: Settings) -> Generator[Settings]:
    """The settings, once the database in them was reached. It is left as it is: migrating takes what the services that
    use it are ready for, so that is for `serve` and `migrate` alone.

    Raises `StartupError` when it can't be reached, or would not keep households apart.
    """
    assert settings.database_url is not None  # noqa: S101
    with _stopping_cleanly():
        asyncio.run(_check_role(settings.database_url.get_secret_value()))
        yield settings


def _prepare(settings: Settings) -> None:
    assert settings.database_url is not None  # noqa: S101
    assert settings.migration_database_url is not None  # noqa: S101
    service_url = settings.database_url.get_secret_value()
    _migrate(settings.migration_database_url.get_secret_value(), service_url)
    asyncio.run(_check_role(service_url))


def _migrate(owner_url: str, service_url: str) -> None:
    """Bring the database up to date, in a process of its own: what migrations load would stay in this one for good.

    Raises `StartupError` when the database can't be reached or a migration fails.
    """
    role_of(service_url)
    try:
        if asyncio.run(is_up_to_date(owner_url)):
            return
    except (OSError, asyncpg.PostgresError) as error:
        raise StartupError(f"MIGRATION_DATABASE_URL: {in_words(error)}") from error
    ended = subprocess.run(
        [sys.executable, "-m", "app.db.migrations"],
        cwd=ROOT,
        input=json.dumps([owner_url, service_url]),  # passwords, which others could read among the arguments
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C ends this process, which ends that one
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise StartupError(ended.stdout.strip() or "the migrations failed; their error is above")


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


_POWERS = text("""
    SELECT r.rolsuper AS superuser, r.rolbypassrls AS bypass,
           EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'USAGE'))
               AS owner
    FROM pg_roles r WHERE r.rolname = current_user
""")


async def refuse_powerful_role(engine: Engine) -> None:
    """Raises `StartupError` when DATABASE_URL connects as a superuser, with BYPASSRLS, or as an owner of tables."""
    async with transaction(engine) as connection:
        row = (await connection.execute(_POWERS)).one()
    if row.superuser:
        reason = "is a superuser"
    elif row.bypass:
        reason = "has BYPASSRLS"
    elif row.owner:
        reason = "owns the tables"
    else:
        return
    raise StartupError(f"DATABASE_URL: its role {reason}, so households would not be kept apart; use a role of its own")
