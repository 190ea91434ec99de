"""Helpers that the commands share: connect to the database, announce changes, print columns."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from pydantic import SecretStr

from app.db import Connection, Engine, create_engine, transaction
from app.db.embedded import DatabaseUrls, find_running, has_database
from app.db.revision import Readiness
from app.db.startup import database, external_database
from app.errors import Conflict, StartupError
from app.oauth.grants.revocation import GrantRevocations
from app.pubsub import MembersChanged, PubSub
from app.settings import Settings
from app.settings.public_url import check_public_url
from app.settings.secret_key import has_secret_key, keep_secret_key

# A generic class that argparse keeps private, and that is no generic one at run time.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage]

Run = Callable[[Settings, argparse.Namespace], int]
"""Runs a command with the settings and the parsed arguments; returns the exit status."""

Found = TypeVar("Found")


def run_with_database(settings: Settings, work: Callable[[Settings, Engine], Awaitable[Found]]) -> Found:
    """Run `work` with complete settings and an engine on the migrated database, even while the service is running.

    Raises `StartupError` when the database can't be reached or is not migrated, or when the service has a different
    PUBLIC_URL; `Unavailable` when the database goes away meanwhile.
    """
    is_embedded = settings.database_url is None

    async def run(complete: Settings) -> Found:
        engine = create_engine(_database_url(complete))
        try:
            if not await Readiness(engine)():
                advice = "restart the service" if is_embedded else "only `serve` and `migrate` bring it up to date"
                raise StartupError(
                    f"The database can't be reached, or has a different version than this program; {advice}"
                )
            return await work(complete, engine)
        finally:
            await engine.dispose()

    running = _find_embedded(settings) if is_embedded else None
    if running is not None:
        complete = keep_secret_key(settings).model_copy(update={"database_url": SecretStr(running.service)})
        return asyncio.run(run(complete))
    with (database if is_embedded else external_database)(settings) as complete:
        return asyncio.run(run(complete))


def run_in_transaction(settings: Settings, work: Callable[[Connection], Awaitable[Found]]) -> Found:
    """Run `work` in a transaction, on a database reached as `run_with_database` does."""

    async def run(complete: Settings, engine: Engine) -> Found:
        async with transaction(engine) as connection:
            return await work(connection)

    return run_with_database(settings, run)


def _find_embedded(settings: Settings) -> DatabaseUrls | None:
    """Return the addresses of the embedded database if the service is running.

    A command creates neither a database nor a SECRET_KEY. With another DATA_DIR than the service, an empty database
    would look like the loss of everything; with another SECRET_KEY, the audit record would look tampered with.
    """
    check_public_url(settings)
    running = find_running(settings.data_dir)
    if running is None and not has_database(settings.data_dir):
        raise StartupError(
            f"DATA_DIR {settings.data_dir.absolute()} holds no database; give this command the DATA_DIR of the "
            "service, preferably in .env, or start the service first"
        )
    if not has_secret_key(settings):
        raise StartupError("SECRET_KEY: give this command the one of the service, preferably in .env")
    return running


def need_auth_server(settings: Settings) -> None:
    """Raise `Conflict` when the service's own authorization server is off, for commands that only it makes useful."""
    if not settings.auth_server:
        raise Conflict("AUTH_SERVER is off, so this would have no effect. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction of a command, the grants that it revokes, and the households whose members it changes."""

    connection: Connection
    revocations: GrantRevocations
    households: list[UUID] = field(default_factory=list[UUID])


def run_change(settings: Settings, work: Callable[[Change], Awaitable[Found]]) -> Found:
    """Run `work` in a transaction, and afterwards notify all processes of the change, so that calls and streams end at
    once.

    A process that the notification does not reach finds out by itself within two seconds.
    """

    async def run(complete: Settings, engine: Engine) -> Found:
        revoked: list[UUID] = []
        revocations = GrantRevocations(revoked.append)
        async with transaction(engine, committed=revocations.publish) as connection:
            change = Change(connection, revocations)
            found = await work(change)
        if revoked or change.households:
            pubsub = PubSub(_database_url(complete))
            async with pubsub.running():
                for grant_id in revoked:
                    pubsub.grant_ended(grant_id)
                for household_id in change.households:
                    pubsub.publish(MembersChanged(household_id))
        return found

    return run_with_database(settings, run)


def _database_url(settings: Settings) -> str:
    assert settings.database_url is not None  # noqa: S101  # the settings of a command that runs are complete
    return settings.database_url.get_secret_value()


def print_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a header and rows, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def format_minute(moment: datetime) -> str:
    """Format a time as `2026-12-24T18:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def day_or_never(day: date | None) -> str:
    """Format the day of a last use, or `never`."""
    return "never" if day is None else day.isoformat()
