"""The cue bus: one for each process. Whoever changes something tells it; whoever follows something hears of it."""

from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import UUID, uuid4

import anyio
import structlog

from app.pubsub.connection import ListenConnection
from app.pubsub.notifications import GrantEnded, ListChanged, MembersChanged, Notification, Refetch
from app.pubsub.outbox import Outbox

LAST_WORDS_SECONDS: Final = 2

Listener = Callable[[Notification], None]
_log: Final = structlog.stdlib.get_logger("app.pubsub")


class PubSub:
    """Cues within this process, and from and to the others on the same database.

    Listeners of this process hear at once. Others hear of changed lists after a short while in which changes gather,
    and of ended grants and changed memberships right away. Every method that tells something returns at once and never
    raises; call it after the commit.
    """

    def __init__(self, database_url: str) -> None:
        self._listeners: dict[UUID, dict[object, Listener]] = {}
        self._hearing_all: list[Listener] = []
        self._outbox = Outbox()
        self._link = ListenConnection(database_url, self._outbox, uuid4(), self._deliver)

    @property
    def is_listening(self) -> bool:
        """Whether cues of other processes arrive now."""
        return self._link.hears

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the connection to the others; at the end, what was told before is still sent."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._link.keep)
            await self._link.tried.wait()
            try:
                yield
            finally:
                with anyio.move_on_after(LAST_WORDS_SECONDS, shield=True):
                    await self._link.finish()
                tasks.cancel_scope.cancel()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` for every cue, as long as there is this bus. It must not wait."""
        self._hearing_all.append(listener)

    @contextmanager
    def listening(self, listener: Listener, about: Iterable[UUID]) -> Generator[None]:
        """Call `listener` for every cue about one of these households and grants while the block runs.

        It also hears every `Refetch`. It is called on the event loop, and must not wait.
        """
        token = object()
        subjects = frozenset(about)
        for subject in subjects:
            self._listeners.setdefault(subject, {})[token] = listener
        try:
            yield
        finally:
            for subject in subjects:
                del self._listeners[subject][token]
                if not self._listeners[subject]:
                    del self._listeners[subject]

    def lists_changed(self, household_id: UUID, lists: Mapping[UUID, int]) -> None:
        """Tell that lists of a household have new revisions."""
        for list_id, rev in lists.items():
            self._publish(ListChanged(household_id, list_id, rev))

    def grant_ended(self, grant_id: UUID) -> None:
        """Tell that a grant was revoked."""
        self._publish(GrantEnded(grant_id))

    def members_changed(self, household_id: UUID) -> None:
        """Tell that somebody joined a household, left it, or has another role."""
        self._publish(MembersChanged(household_id))

    def _publish(self, cue: Notification) -> None:
        self._outbox.put(cue)
        self._deliver(cue)

    def _deliver(self, cue: Notification) -> None:
        for listener in [*self._hearing_all, *self._listeners_of(cue)]:
            try:
                listener(cue)
            except Exception:  # one listener must not keep the others, or the caller's commit, from going on
                _log.exception("a listener failed")

    def _listeners_of(self, cue: Notification) -> list[Listener]:
        match cue:
            case ListChanged() | MembersChanged():
                return list(self._listeners.get(cue.household_id, {}).values())
            case GrantEnded():
                return list(self._listeners.get(cue.grant_id, {}).values())
            case Refetch():
                every = {token: each for found in self._listeners.values() for token, each in found.items()}
                return list(every.values())
