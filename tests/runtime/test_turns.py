"""Long work in parts: every result, in order, and turns for others in between."""

import asyncio

import pytest

from app.runtime.turns import TURN, map_in_turns

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", [0, 1, TURN - 1, TURN, TURN + 1, 3 * TURN])
async def test_others_get_a_turn_after_every_few_results(number: int) -> None:
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
    results = await map_in_turns(double, dict.fromkeys(range(number)))
    other.cancel()

    assert results == [2 * thing for thing in range(number)]
    assert seen_by_others == list(range(TURN, number, TURN))


async def test_an_exception_ends_it() -> None:
    handled: list[int] = []

    def refuse(thing: int) -> None:
        handled.append(thing)
        if thing == TURN:
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await map_in_turns(refuse, range(3 * TURN))
    assert handled == list(range(TURN + 1))
