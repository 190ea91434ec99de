"""Calls of one grant that come together read it once, and never learn less than each would by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.access import authenticator
from app.access.repository import find_grant_with_memberships
from app.db import Engine, new_id, transaction
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver
from app.households.repository import delete_membership, memberships_of
from app.oauth.grants.repository import by_id, find_live_grant, revoke_grants
from app.oauth.tables import grants
from app.pubsub import PubSub
from app.settings import Settings
from tests.access.test_grant_cache import Asked, asked, pubsub
from tests.clock import MovableClock
from tests.db.looking import change
from tests.factory import Connected, Factory

__all__ = ["asked", "pubsub"]

pytestmark = pytest.mark.anyio

Read = Callable[[Engine, UUID, datetime], Awaitable[Any]]


class SlowReads:
    """Reads of grants, which were made but whose rows arrive when the test says so."""

    def __init__(self) -> None:
        self.made: list[UUID] = []
        self.arrive = asyncio.Event()
        self._one_more = asyncio.Event()

    async def read(self, engine: Engine, grant_id: UUID, now: datetime, driver: "Driver | None") -> Any:
        """Read as the service does, then wait."""
        found = await find_grant_with_memberships(engine, grant_id, now, driver)
        self.made.append(grant_id)
        self._one_more.set()
        await self.arrive.wait()
        return found

    async def another(self) -> None:
        """Return when one more was made."""
        await self._one_more.wait()
        self._one_more.clear()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> SlowReads:
    slow = SlowReads()
    monkeypatch.setattr(authenticator, "find_grant_with_memberships", slow.read)
    return slow


async def test_calls_that_come_together_read_their_grant_once_and_nobody_elses(
    asked: Asked, reads: SlowReads, factory: Factory, ada: Connected
) -> None:
    eve = await factory.connected("Eve")
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(asked.lets_in(who)) for who in (ada, eve, ada, ada, eve)]
        while len(reads.made) < 2:
            await reads.another()
        reads.arrive.set()
    assert all(each.result() for each in calls)
    assert sorted(reads.made) == sorted([ada.grant_id, eve.grant_id])


async def test_a_caller_that_goes_away_takes_nothing_from_those_who_wait_with_it(
    asked: Asked, reads: SlowReads, ada: Connected
) -> None:
    first = asyncio.create_task(asked.lets_in(ada))
    await reads.another()
    second = asyncio.create_task(asked.lets_in(ada))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    reads.arrive.set()
    assert await second
    assert reads.made == [ada.grant_id]


async def test_a_call_after_a_revocation_does_not_share_what_was_read_before_it(
    asked: Asked, reads: SlowReads, ada: Connected, pubsub: PubSub, clock: MovableClock
) -> None:
    before = asyncio.create_task(asked.lets_in(ada))
    await reads.another()
    await asked.revoke_silently(ada, clock)
    pubsub.grant_ended(ada.grant_id)
    after = asyncio.create_task(asked.lets_in(ada))
    await reads.another()
    reads.arrive.set()
    assert await before
    assert not await after
    assert asked.known.find(ada.grant_id) is None


async def test_while_notifications_do_not_arrive_every_call_reads_for_itself(
    factory: Factory, settings: Settings, database: DatabaseUrls, reads: SlowReads, ada: Connected, clock: MovableClock
) -> None:
    asked = Asked(factory, settings, PubSub(database.service), clock)
    before = asyncio.create_task(asked.lets_in(ada))
    await reads.another()
    await asked.revoke_silently(ada, clock)
    after = asyncio.create_task(asked.lets_in(ada))
    await reads.another()
    reads.arrive.set()
    assert await before
    assert not await after


async def test_what_one_message_finds_is_what_the_repositories_find(
    engine: Engine, factory: Factory, ada: Connected, clock: MovableClock, database: DatabaseUrls
) -> None:
    bea, *homes = await factory.person("Bea")
    for name in ("Cem", "Dee", "Eve"):
        _, household_id = await factory.person(name)
        await factory.join(bea, household_id, "viewer")
        homes.append(household_id)
    several = await factory.connect(bea, *homes[::-1])
    outsider = await factory.connect(bea, homes[1], ada.household_id)
    revoked, expired, left = [await factory.connect(bea, homes[0], homes[2]) for _ in range(3)]
    async with transaction(engine) as connection:
        await revoke_grants(connection, by_id(revoked.grant_id), "test", clock())
    ends_at = clock() - timedelta(seconds=1)
    await change(database.owner, update(grants).where(grants.c.id == expired.grant_id).values(expires_at=ends_at))
    await _leave(engine, homes[2], left)
    lives: list[bool] = []
    for who in (ada.grant_id, *(each.grant_id for each in (several, outsider, revoked, expired, left)), new_id()):
        async with transaction(engine) as connection:
            grant = await find_live_grant(connection, who, clock())
            members = [] if grant is None else await memberships_of(connection, grant.person_id)
        found = await find_grant_with_memberships(engine, who, clock())
        if grant is None:
            assert found is None
        else:
            assert found == (grant, tuple(each for each in members if each.household_id in grant.household_ids))
        lives.append(grant is not None)
    assert lives == [True, True, True, False, False, True, False]


async def _leave(engine: Engine, household_id: UUID, who: Connected) -> None:
    async with transaction(engine, household_id) as connection:
        assert await delete_membership(connection, household_id, who.person.id)
