"""Long work in batches: every result, in order, and pauses for others in between."""

import asyncio

import pytest

from app.runtime.batches import BATCH, map_in_batches

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
async def test_others_run_after_every_batch(number: int) -> None:
    handled: list[int] = []
    seen_by_others: list[int] = []

    def double(thing: int) -> int:
        handled.append(thing)
        return 2 * thing

    async def look() -> None:
        while True:
            seen_by_others.append(len(handled))
            await asyncio.sleep(0)

    other = asyncio.create_task(look())
    results = await map_in_batches(double, dict.fromkeys(range(number)))
    other.cancel()

    assert results == [2 * thing for thing in range(number)]
    assert seen_by_others == list(range(BATCH, number, BATCH))


async def test_an_exception_ends_it() -> None:
    handled: list[int] = []

    def refuse(thing: int) -> None:
        handled.append(thing)
        if thing == BATCH:
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await map_in_batches(refuse, range(3 * BATCH))
    assert handled == list(range(BATCH + 1))
