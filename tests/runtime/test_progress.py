"""How far a call is, told beside the work: in order, and without waiting for who is told."""

import asyncio

import pytest

from app.runtime.progress import MOST_UNSENT, STEP, Progress, map_in_steps, note_nothing, reported_beside

pytestmark = pytest.mark.anyio

Told = tuple[float, float | None, str | None]


async def test_notes_are_reported_while_the_work_goes_on() -> None:
    told: list[Told] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with reported_beside(report) as note:
        results = await map_in_steps(str, range(2 * STEP + 1), Progress(note, 5_000).after(10), "things done")
    assert results == [str(number) for number in range(2 * STEP + 1)]
    assert told == [
        (10, 5_000, "0 of 1,001 things done"),
        (10 + STEP, 5_000, "500 of 1,001 things done"),
        (10 + 2 * STEP, 5_000, "1,000 of 1,001 things done"),
    ]


async def test_the_work_does_not_wait_for_who_does_not_read() -> None:
    begun: list[float] = []
    never = asyncio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        begun.append(progress)
        await never.wait()

    async with reported_beside(report) as note:
        assert len(await map_in_steps(str, range(5 * STEP), Progress(note, 1), "done")) == 5 * STEP
    await asyncio.sleep(0)
    assert begun == [0]


async def test_of_notes_that_are_not_fetched_the_newest_are_kept() -> None:
    told: list[float] = []
    reads = asyncio.Event()
    last = asyncio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        await reads.wait()
        told.append(progress)
        if progress == 99:
            last.set()

    async with reported_beside(report) as note:
        for number in range(100):
            note(number, 100, "")
            await asyncio.sleep(0)
        reads.set()
        await last.wait()
    assert told == [0, *range(100 - MOST_UNSENT, 100)]


async def test_what_fails_to_be_told_does_not_end_the_work() -> None:
    async def report(progress: float, total: float | None, message: str | None) -> None:
        raise ConnectionError

    async with reported_beside(report) as note:
        assert await map_in_steps(abs, [-1, -2], Progress(note, 2), "") == [1, 2]
        await asyncio.sleep(0)
        note(2, 2, "")


async def test_nothing_is_reported_any_more_when_the_work_has_failed() -> None:
    told: list[float] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    with pytest.raises(ValueError, match="no"):  # noqa: PT012  # the block is what is tested
        async with reported_beside(report) as note:
            note(1, 2, "")
            raise ValueError("no")
    await asyncio.sleep(0)
    assert told == []


async def test_without_anybody_to_tell_the_work_is_the_same() -> None:
    assert await map_in_steps(abs, [-3], Progress(note_nothing, 1), "") == [3]
