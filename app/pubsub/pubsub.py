"""Publish and subscribe, within this process and among all processes on one database."""

from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import UUID, uuid4

import anyio
import structlog

from app.pubsub.connection import ListenConnection, Outbox
from app.pubsub.notifications import GrantEnded, ListChanged, MembersChanged, Notification, Refetch

FINAL_SEND_SECONDS: Final = 2

TELL_SECONDS: Final = 2
"""What others remember of a grant they forget by themselves within this time, whether they are told or not."""

Listener = Callable[[Notification], None]
_log: Final = structlog.stdlib.get_logger("app.pubsub")


class PubSub:
    """Delivers notifications to the listeners of every process. There is one in each process.

    Listeners in this process are called at once. Those in others hear of changed lists after a short interval in which
    changes gather, and of ended grants and changed memberships right away. Publishing never waits and never raises; do
    it after the commit.
    """

    def __init__(self, database_url: str) -> None:
        self._listeners: dict[UUID, dict[object, Listener]] = {}
        self._listeners_to_all: list[Listener] = []
        self._outbox = Outbox()
        self._connection = ListenConnection(database_url, self._outbox, uuid4(), self._deliver)

    @property
    def is_listening(self) -> bool:
        """Whether notifications of other processes arrive now."""
        return self._connection.is_listening

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the connection to the others open; at the end, send what was published before."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._connection.keep_open)
            await self._connection.tried.wait()
            try:
                yield
            finally:
                with anyio.move_on_after(FINAL_SEND_SECONDS, shield=True):
                    await self._connection.finish()
                tasks.cancel_scope.cancel()

    def publish(self, notification: Notification) -> None:
        """Tell the listeners of this process now, and those of the others soon."""
        self._outbox.put(notification)
        self._deliver(notification)

    def lists_changed(self, household_id: UUID, lists: Mapping[UUID, int], themselves: Collection[UUID] = ()) -> None:
        """Publish the new revisions of lists of a household; of `themselves` not only items changed."""
        for list_id, rev in lists.items():
            self.publish(ListChanged(household_id, list_id, rev, list_id in themselves))

    def grant_ended(self, grant_id: UUID) -> None:
        """Publish that a grant was revoked."""
        self.publish(GrantEnded(grant_id))

    def members_changed(self, household_id: UUID) -> None:
        """Publish that members of a household, or their roles, changed."""
        self.publish(MembersChanged(household_id))

    async def others_told(self) -> None:
        """Return when what was published before is on its way to the other processes, or after TELL_SECONDS."""
        with anyio.move_on_after(TELL_SECONDS):
            await self._outbox.wait_sent()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every notification from now on. It must not wait."""
        self._listeners_to_all.append(listener)

    @contextmanager
    def listening(self, listener: Listener, about: Iterable[UUID]) -> Generator[None]:
        """Call `listener` with every notification about one of these households and grants while the block runs.

        It also gets every `Refetch`. It is called on the event loop and must not wait.
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

    def _deliver(self, notification: Notification) -> None:
        for listener in [*self._listeners_to_all, *self._listeners_of(notification)]:
            try:
                listener(notification)
            except Exception:  # one listener must not stop the others, or the publisher
                _log.exception("a listener failed")

    def _listeners_of(self, notification: Notification) -> list[Listener]:
        match notification:
            case ListChanged() | MembersChanged():
                return list(self._listeners.get(notification.household_id, {}).values())
            case GrantEnded():
                return list(self._listeners.get(notification.grant_id, {}).values())
            case Refetch():
                every = {token: each for found in self._listeners.values() for token, each in found.items()}
                return list(every.values())
