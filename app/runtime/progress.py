"""Telling a client how far a call is, without ever waiting for the client."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from app.runtime.batches import map_in_batches

Given = TypeVar("Given")
Made = TypeVar("Made")

Report = Callable[[float, float | None, str | None], Coroutine[Any, Any, None]]
"""Tells the client how far a call is: a number that grows, the total, and a message; nothing if it did not ask. It may
wait for as long as the client does not read."""

Note = Callable[[int, int, str], None]
"""Notes how far a call is, in the words of `Report`; it returns at once."""

STEP: Final = 500
"""How many things are handled between two notes."""

MOST_UNSENT: Final = 20
"""Of more notes, the oldest are not sent: a client that reads slowly is told where the call is by now."""


async def report_nothing(progress: float, total: float | None, message: str | None) -> None:
    """Stand in for a report where there is no stream to send it on."""


def note_nothing(progress: int, total: int, message: str) -> None:
    """Stand in for a note where nobody is told."""


@asynccontextmanager
async def reported_beside(report: Report) -> AsyncGenerator[Note]:
    """Give a function that notes how far the work in the block is. A task beside it reports the notes; what it has not
    sent when the work is done is not sent any more."""
    unsent: deque[tuple[int, int, str]] = deque(maxlen=MOST_UNSENT)
    noted = asyncio.Event()

    def note(progress: int, total: int, message: str) -> None:
        unsent.append((progress, total, message))
        noted.set()

    async def send() -> None:
        # Whoever can't be told is told nothing more, which is no reason to end the work.
        with suppress(Exception):
            while await noted.wait():
                noted.clear()
                while unsent:
                    await report(*unsent.popleft())

    sending = asyncio.create_task(send())
    try:
        yield note
    finally:
        sending.cancel()


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a part of a call's work begins: how much was done before it, of how much in total."""

    note: Note
    total: int
    before: int = 0

    def after(self, done: int) -> "Progress":
        """Return where the work goes on when so much more is done."""
        return replace(self, before=self.before + done)


async def map_in_steps(
    function: Callable[[Given], Made], things: Sequence[Given], progress: Progress, done: str
) -> list[Made]:
    """Return what `map_in_batches` does. Each STEP is noted, in the words `1,500 of 5,000` and `done`."""
    results: list[Made] = []
    for start in range(0, len(things), STEP):
        progress.note(progress.before + start, progress.total, f"{start:,} of {len(things):,} {done}")
        await asyncio.sleep(0)  # a pause for others, and for who sends the note
        results += await map_in_batches(function, things[start : start + STEP])
    return results
