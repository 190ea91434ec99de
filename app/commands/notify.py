"""Telling the running service what a command has changed."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from app.db import Connection, Engine, transaction
from app.oauth.grants.revocation import GrantRevocations
from app.pubsub import MembersChanged, PubSub
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction of a command, the grants that it ends, and the households whose members it changes."""

    connection: Connection
    endings: GrantRevocations
    households: list[UUID] = field(default_factory=list[UUID])


@asynccontextmanager
async def changing(settings: Settings, engine: Engine) -> AsyncGenerator[Change]:
    """A transaction, after which every process is told what it changed, so that calls and streams end at once.

    A process that is not reached notices by itself: for calls within two seconds.
    """
    ended: list[UUID] = []
    endings = GrantRevocations(ended.append)
    async with transaction(engine, committed=endings.tell) as connection:
        change = Change(connection, endings)
        yield change
    if ended or change.households:
        await _tell(settings, ended, change.households)


async def _tell(settings: Settings, ended: Iterable[UUID], households: Iterable[UUID]) -> None:
    if settings.database_url is None:
        raise TypeError("a command that changed something had a database")
    pubsub = PubSub(settings.database_url.get_secret_value())
    async with pubsub.running():
        for grant_id in ended:
            pubsub.grant_ended(grant_id)
        for household_id in households:
            pubsub.publish(MembersChanged(household_id))
