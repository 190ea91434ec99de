"""Long work in the event loop, in parts, so that other requests get their turn in between."""

import asyncio
from collections.abc import Callable, Collection
from itertools import islice
from typing import Final, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

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
