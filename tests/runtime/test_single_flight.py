"""Work that many want is done once."""

import anyio
import pytest

from app.runtime.single_flight import SingleFlight

pytestmark = pytest.mark.anyio


class Work:
    """Work that waits until it is let go, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = anyio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        await self.go.wait()
        return self.begun


class Broken(Exception):
    """What the work may end with."""


async def test_all_who_wait_get_the_same_answer_and_later_work_is_done_anew() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    answers: list[int] = []

    async def one() -> None:
        answers.append(await flights.do("a", work))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        work.go.set()
    assert answers == [1] * 5
    assert await flights.do("a", work) == 2
    assert len(flights) == 0


async def test_one_who_gives_up_does_not_end_the_work_of_the_others() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    answers: list[int] = []

    async def one() -> None:
        answers.append(await flights.do("a", work))

    async with anyio.create_task_group() as tasks, anyio.create_task_group() as impatient:
        impatient.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        impatient.cancel_scope.cancel()
        work.go.set()
    assert (answers, work.begun) == ([1], 1)


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    flights: SingleFlight[int] = SingleFlight()
    go = anyio.Event()
    failures: list[bool] = []

    async def breaks() -> int:
        await go.wait()
        raise Broken

    async def one() -> None:
        with pytest.raises(Broken):
            await flights.do("a", breaks)
        failures.append(True)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert len(failures) == 3
    assert len(flights) == 0


async def test_who_waited_does_it_for_themselves_where_the_failure_was_about_another() -> None:
    flights: SingleFlight[str] = SingleFlight(personal=Broken)
    go = anyio.Event()

    async def breaks() -> str:
        await go.wait()
        raise Broken

    async def works() -> str:
        return "mine"

    async def begins() -> None:
        with pytest.raises(Broken):
            await flights.do("a", breaks)

    answers: list[str] = []

    async def joins() -> None:
        answers.append(await flights.do("a", works))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(begins)
        tasks.start_soon(joins)
        tasks.start_soon(joins)
        await anyio.wait_all_tasks_blocked()
        assert answers == []
        go.set()
    assert answers == ["mine", "mine"]
    assert len(flights) == 0


async def test_different_keys_do_not_wait_for_each_other() -> None:
    flights: SingleFlight[int] = SingleFlight()
    slow, fast = Work(), Work()
    fast.go.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flights.do, "a", slow)
        assert await flights.do("b", fast) == 1
        slow.go.set()
