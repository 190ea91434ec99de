"""Chores, again and again, by one process of all that serve a database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import anyio
import structlog
from pydantic import SecretStr

from app.db import Engine, transaction
from app.db.transactions import try_lead
from app.errors import Unavailable
from app.households.repository import household_ids, time_zone_of
from app.households.retention import delete_ended_guest_links, delete_ended_invitations
from app.households.tenant import ListsChanged, open_for_service
from app.households.time_zones import zone_of
from app.lists.history import retention
from app.lists.items import recurring
from app.oauth import retention as oauth_retention
from app.oauth.retention import revoke_unused
from app.oauth.signing.rotation import rotate_old_keys
from app.people import retention as people_retention
from app.runtime.clock import Clock, system_clock

FIRST_SECONDS: Final = 60
EVERY_SECONDS: Final = 600

KeepUp = Callable[[datetime], Awaitable[None]]
"""Does what is due for the service as a whole; every process calls it."""

_LEAD: Final = 0x4A6F_6273  # any fixed number that no other lock of this database has
_log: Final = structlog.stdlib.get_logger("app.jobs")


async def tend_all(engine: Engine, now: datetime, lists_changed: ListsChanged | None = None) -> int | None:
    """Tend every household, tidy up, and answer how many had chores; None when another process is at it.

    A fault in one household leaves the others alone. Raises `Unavailable` when the database is away.
    """
    tended = 0
    # The lock goes with this transaction, however the process ends; the chores have transactions of their own.
    async with transaction(engine) as connection:
        if not await try_lead(connection, _LEAD):
            return None
        for household_id in await household_ids(connection):
            try:
                tended += await tend(engine, household_id, now, lists_changed)
            except Unavailable:
                raise
            except Exception:
                _log.exception("chores failed")
        await _tend_service(engine, now)
    return tended


async def _tend_service(engine: Engine, now: datetime) -> None:
    """The chores that belong to no household; a fault in one leaves the others alone. Raises `Unavailable`."""
    for chore in (
        revoke_unused,
        oauth_retention.delete_expired,
        people_retention.forget,
        delete_ended_invitations,
        delete_ended_guest_links,
    ):
        try:
            await chore(engine, now)
        except Unavailable:
            raise
        except Exception:
            _log.exception("chores failed")


@asynccontextmanager
async def chores_running(
    engine: Engine, lists_changed: ListsChanged, keep_up: KeepUp, clock: Clock = system_clock
) -> AsyncGenerator[None]:
    """Tend all households, and the service itself, every few minutes while the block runs."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep_tending, engine, lists_changed, keep_up, clock)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _keep_tending(engine: Engine, lists_changed: ListsChanged, keep_up: KeepUp, clock: Clock) -> None:
    await anyio.sleep(FIRST_SECONDS)
    while True:
        try:
            await keep_up(clock())
            tended = await tend_all(engine, clock(), lists_changed)
            if tended:
                _log.info("chores done", households=tended)
        except Unavailable:
            _log.warning("chores put off: the database is away or busy")
        except Exception:
            _log.exception("chores failed")
        await anyio.sleep(EVERY_SECONDS)


async def tend(engine: Engine, household_id: UUID, now: datetime, lists_changed: ListsChanged | None = None) -> bool:
    """Do the chores of one household, and answer whether there were any.

    Its write lock is taken only then. `lists_changed` is told of what changed. Raises `Unavailable`.
    """
    async with open_for_service(engine, household_id, write=False) as tenant:
        now = now.astimezone(zone_of(await time_zone_of(tenant.connection, household_id)))
        if not await recurring.is_anything_due(tenant, now) and not await retention.is_anything_old(tenant, now):
            return False
    async with open_for_service(engine, household_id, write=True, lists_changed=lists_changed) as tenant:
        await recurring.bring_back(tenant, now)
        await recurring.wake(tenant, now)
        await retention.forget(tenant, now)
    return True


async def keep_up(engine: Engine, secret_key: SecretStr | None, now: datetime) -> None:
    """Replace a signing key that has grown old; without `secret_key` there are none. Raises `Unavailable`."""
    if secret_key is None:
        return
    async with transaction(engine) as connection:
        key = await rotate_old_keys(connection, secret_key, now)
    if key is not None:
        _log.info("a new signing key takes over", kid=key.kid, at=key.active_from.isoformat())
