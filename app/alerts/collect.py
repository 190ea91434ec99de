"""Which lists are looked at for whom, and what goes into the outbox. Nothing here waits, and time is an argument."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from app.alerts import repository
from app.alerts.changes import read_news
from app.alerts.event_repository import last_event
from app.alerts.outbox_repository import put_pushes
from app.alerts.repository import ListKey
from app.alerts.times import quiet_until
from app.db import Engine, transaction
from app.errors import Unavailable
from app.households.tenant import open_for_service

GATHERED_FOR: Final = timedelta(seconds=50)
"""How long after the first change of a list the others are waited for that go into the same push."""

TOLD_FOR: Final = timedelta(hours=24)
"""What is older is told to nobody."""

KEPT_FOR: Final = timedelta(hours=1)
"""How long a push may wait to be sent, quiet hours aside."""

MOST_AT_ONCE: Final = 100

_log: Final = structlog.stdlib.get_logger("app.alerts")


async def note_changes(engine: Engine, lists: Collection[tuple[UUID, UUID]], now: datetime) -> None:
    """Note that something happened on these lists, each a household and a list. Raises `Unavailable`.

    It does no harm to note the same twice, or from several processes.
    """
    async with transaction(engine) as connection:
        await repository.note_changes(connection, lists, now + GATHERED_FOR)


async def note_all(engine: Engine, now: datetime) -> None:
    """Schedule a look at every list that somebody wants pushes of, because changes may have been missed.

    Raises `Unavailable`.
    """
    async with transaction(engine) as connection:
        await repository.note_all(connection, now)


async def collect(engine: Engine, now: datetime) -> int:
    """Put what is due into the outbox and return how many lists; a fault with one leaves the others alone.

    Several processes may do so at once. Raises `Unavailable`.
    """
    async with transaction(engine) as connection:
        found = await repository.find_due(connection, now, MOST_AT_ONCE)
    done = 0
    for each in found:
        try:
            done += await _collect(engine, each, now)
        except Unavailable:
            raise
        except Exception:
            _log.exception("a list could not be looked at")
    return done


async def _collect(engine: Engine, key: ListKey, now: datetime) -> bool:
    """Put what happened on one list into the outbox of one person, and note that, in one transaction."""
    household_id, person_id, list_id = key
    async with open_for_service(engine, household_id, write=False) as tenant:
        due = await repository.lock_due(tenant.connection, key, now)
        if due is None:
            return False
        if (until := quiet_until(now, due.settings.quiet, due.settings.zone)) is not None:
            await repository.put_off(tenant.connection, key, until)
            return False
        last = await last_event(tenant)
        first = due.told_up_to + 1
        news = await read_news(tenant, list_id, person_id, due.push, first, last, now - TOLD_FOR)
        if news is not None and not news.is_empty:
            await put_pushes(tenant.connection, key, first, last, now, now + KEPT_FOR)
        await repository.note_told(tenant.connection, key, last)
    return True
