"""What waits to be told to the other replicas, each thing once."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import anyio

from app.pubsub.notifications import ListChanged, Notification, Refetch

LARGEST_BACKLOG: Final = 10_000
"""More than that only gathers while the database is away; then everybody is told to read everything again."""


class Outbox:
    """Gathers cues. Changes of one list become one cue with the newest revision."""

    def __init__(self) -> None:
        self._lists: dict[tuple[UUID, UUID], int] = {}
        self._others: dict[Notification, None] = {}
        self._stirred = anyio.Event()
        self._urgent = anyio.Event()

    def put(self, cue: Notification) -> None:
        """Keep a cue for the next `take`."""
        if isinstance(cue, ListChanged):
            place = (cue.household_id, cue.list_id)
            self._lists[place] = max(cue.rev, self._lists.get(place, 0))
        else:
            self._others[cue] = None
            self._urgent.set()
        if len(self._lists) + len(self._others) > LARGEST_BACKLOG:
            self._lists.clear()
            self._others = {Refetch(): None}
        self.notify()

    def put_back(self, cues: Iterable[Notification]) -> None:
        """Keep cues that could not be sent after all."""
        for cue in cues:
            self.put(cue)

    def take(self) -> list[Notification]:
        """Everything that waits; afterwards nothing does."""
        cues = [*self._others, *(ListChanged(*place, rev) for place, rev in self._lists.items())]
        self._lists.clear()
        self._others.clear()
        self._stirred, self._urgent = anyio.Event(), anyio.Event()
        return cues

    def notify(self) -> None:
        """Wake whoever waits, also when there is nothing to take."""
        self._stirred.set()

    def hurry(self) -> None:
        """Let nothing that is here wait any longer."""
        self._urgent.set()
        self.notify()

    async def notified(self) -> None:
        """Return when there is something to take, or somebody called `stir`."""
        await self._stirred.wait()

    async def urgent(self) -> None:
        """Return when something must not wait to be gathered with more."""
        await self._urgent.wait()
