"""Long work in the event loop, in batches, so that other requests are served in between."""

import asyncio
from collections.abc import Callable, Collection
from itertools import islice
from typing import Final, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

BATCH: Final = 50
"""The most things handled without a pause: a millisecond or two of what one call does for each of thousands of items.
A request beside it waits for several batches, because it is itself made of several steps."""


async def map_in_batches(function: Callable[[Given], Made], things: Collection[Given]) -> list[Made]:
    """Return the function's result for each thing, in order, with a pause for others after every BATCH of them."""
    remaining = iter(things)
    results = [function(thing) for thing in islice(remaining, BATCH)]
    while len(results) < len(things):
        await asyncio.sleep(0)
        results += [function(thing) for thing in islice(remaining, BATCH)]
    return results


BATCH_CHARACTERS: Final = 4_000
"""The most characters read without a pause, give or take a text: a few milliseconds of parsing or folding."""


async def map_texts(
    function: Callable[[Given], Made], things: Collection[Given], length: Callable[[Given], int]
) -> list[Made]:
    """Return what `map_in_batches` does, with batches by the length of the texts that the things hold."""
    results: list[Made] = []
    read = 0
    for thing in things:
        if read > BATCH_CHARACTERS:
            await asyncio.sleep(0)
            read = 0
        results.append(function(thing))
        read += length(thing)
    return results
