"""What the commands share: how one is run, and how it comes to the database."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import SecretStr

from app.db import Engine, create_engine
from app.db.embedded import DatabaseUrls, find_running, has_database
from app.db.readiness import Readiness
from app.db.startup import database, external_database
from app.errors import Conflict, StartupError
from app.settings import Settings
from app.settings.public_url import check_public_url
from app.settings.secret_key import has_secret_key, keep_secret_key

if TYPE_CHECKING:
    # A generic class that argparse keeps to itself.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]

Run = Callable[[Settings, argparse.Namespace], int]
"""Does what a command says, with the settings and the parsed arguments; the exit status."""

Found = TypeVar("Found")

_ADVICE: Final = "restart the service"
_ADVICE_EXTERNAL: Final = "only `serve` and `migrate` bring it up to date"


def run_with_database(settings: Settings, work: Callable[[Settings, Engine], Awaitable[Found]]) -> Found:
    """Run `work` with complete settings and an engine on the migrated database, also while the service is running.

    Raises `StartupError` when the database can't be had, is not migrated, or the service has another PUBLIC_URL;
    `Unavailable` when the database goes away meanwhile.
    """

    async def run(complete: Settings) -> Found:
        if complete.database_url is None:
            raise TypeError("database() names a database")
        engine = create_engine(complete.database_url.get_secret_value())
        try:
            if not await Readiness(engine)():
                advice = _ADVICE if settings.database_url is None else _ADVICE_EXTERNAL
                raise StartupError(f"The database is away, or of another version than this program; {advice}")
            return await work(complete, engine)
        finally:
            await engine.dispose()

    running = _find_embedded(settings) if settings.database_url is None else None
    if running is not None:
        addresses = {
            "database_url": SecretStr(running.service),
            "migration_database_url": SecretStr(running.owner),
        }
        return asyncio.run(run(keep_secret_key(settings).model_copy(update=addresses)))
    ready = database if settings.database_url is None else external_database
    with ready(settings) as complete:
        return asyncio.run(run(complete))


def _find_embedded(settings: Settings) -> DatabaseUrls | None:
    """The addresses of the embedded database if the service is running.

    A command makes no database: whoever has another DATA_DIR than the service would take the empty one for the loss of
    everything. And no SECRET_KEY: what is sealed with that of the service would look as if it had been tampered with.
    """
    check_public_url(settings)
    running = find_running(settings.data_dir)
    if running is None and not has_database(settings.data_dir):
        raise StartupError(
            f"DATA_DIR {settings.data_dir.absolute()} holds no database; set DATA_DIR for this command as for the "
            "service, best in .env, or start the service first"
        )
    if not has_secret_key(settings):
        raise StartupError("SECRET_KEY: set it for this command as for the service, best in .env")
    return running


def need_auth_server(settings: Settings) -> None:
    """For what only the service's own authorization server would use. Raises `Conflict` when it is off."""
    if not settings.auth_server:
        raise Conflict("AUTH_SERVER is off, and this would serve nobody. Nothing was done.")
