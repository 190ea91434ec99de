"""Long work in the event loop, in parts, so that other requests get their turn in between."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from itertools import islice
from typing import Any, Final, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

Report = Callable[[float, float | None, str | None], Coroutine[Any, Any, None]]
"""Tells the client how far a call is: a number that grows, the total, and a message; nothing if it did not ask."""

TURN: Final = 50
"""The most things handled without a pause: a millisecond or two of what one call does for each of thousands of items.
A request beside it waits for several turns, because it is itself made of several steps."""


async def map_in_turns(function: Callable[[Given], Made], things: Collection[Given]) -> list[Made]:
    """Return the function's result for each thing, in order; others get their turn after every TURN of them."""
    remaining = iter(things)
    results = [function(thing) for thing in islice(remaining, TURN)]
    while len(results) < len(things):
        await asyncio.sleep(0)
        results += [function(thing) for thing in islice(remaining, TURN)]
    return results


CHARACTERS: Final = 4_000
"""The most characters read without a pause, give or take a text: a few milliseconds of parsing or folding."""


async def map_texts(
    function: Callable[[Given], Made], things: Collection[Given], length: Callable[[Given], int]
) -> list[Made]:
    """Return what `map_in_turns` does, with turns by the length of the texts that the things hold."""
    results: list[Made] = []
    read = 0
    for thing in things:
        if read > CHARACTERS:
            await asyncio.sleep(0)
            read = 0
        results.append(function(thing))
        read += length(thing)
    return results
