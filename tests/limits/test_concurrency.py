"""Concurrency limits: slots of each key, waited for within bounds."""

import anyio
import pytest

from app.limits.concurrency import ConcurrencyLimit, Slots, take
from app.limits.rate_limit import Key
from app.runtime.addresses import SITE_SHARE

pytestmark = pytest.mark.anyio


@pytest.fixture
def slots() -> Slots:
    """Two at once of each key."""
    return Slots(ConcurrencyLimit("test", 2, Key.HOUSEHOLD, 0, ""))


async def test_a_key_is_remembered_as_long_as_one_of_its_slots_is_taken(slots: Slots) -> None:
    with await take(slots.of("a"), seconds=0):
        assert len(slots) == 1
    assert len(slots) == 0


async def test_without_time_to_wait_a_slot_that_is_taken_is_an_error_and_nothing_is_kept(slots: Slots) -> None:
    with await take(slots.of("a"), slots.of("a"), seconds=0):
        with pytest.raises(TimeoutError):
            await take(slots.of("b"), slots.of("a"), seconds=0)
        with await take(slots.of("b"), slots.of("b"), seconds=0):
            pass


async def test_who_waits_gets_the_slot_that_is_given_back(slots: Slots) -> None:
    order: list[str] = []
    taken = await take(slots.of("a"), slots.of("a"), seconds=0)

    async def wait() -> None:
        with await take(slots.of("a"), seconds=10):
            order.append("had it")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.lowlevel.checkpoint()
        order.append("given back")
        taken.close()
    assert order == ["given back", "had it"]


async def test_waiting_ends_after_its_time(slots: Slots) -> None:
    with await take(slots.of("a"), slots.of("a"), seconds=0), pytest.raises(TimeoutError):
        await take(slots.of("a"), seconds=0.01)


async def test_networks_have_slots_of_their_own_and_a_site_has_a_few_times_as_many(slots: Slots) -> None:
    assert slots.of_networks(None) == []
    assert len(slots.of_networks("192.0.2.1")) == 1
    with await take(
        *(each for n in range(2 * SITE_SHARE) for each in slots.of_networks(f"2001:db8:1:{n}::1")), seconds=0
    ):
        with pytest.raises(TimeoutError):
            await take(*slots.of_networks("2001:db8:1:f::1"), seconds=0)
        with await take(*slots.of_networks("2001:db8:2::1"), seconds=0):
            pass
