"""Whose turn it is to write in a household, among the calls of this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

WRITERS: Final = 2
"""At once in one household: one that has its lock, and the next one with its connection ready."""

TURN_SECONDS: Final = 10


class WriterSlots:
    """Lets WRITERS write in a household at once; the others wait without a connection, which calls in other households
    need. A household is known as long as somebody writes in it or waits.
    """

    def __init__(self) -> None:
        self._of: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._of)

    @asynccontextmanager
    async def slot(self, household_id: UUID) -> AsyncGenerator[None]:
        """A turn while the block runs. Raises `TimeoutError` after TURN_SECONDS."""
        semaphore = self._of.setdefault(household_id, asyncio.Semaphore(WRITERS))
        async with asyncio.timeout(TURN_SECONDS):
            await semaphore.acquire()
        try:
            yield
        finally:
            semaphore.release()
