"""One open `subscriptions/listen` stream: from cues to the notifications of the SDK."""

from collections.abc import Callable, Mapping
from uuid import UUID

from mcp.server.subscriptions import ListenHandler
from mcp.shared.subscriptions import ResourceUpdated, ServerEvent

from app.access.caller import Caller
from app.pubsub import ListChanged, Notification, Refetch

Place = tuple[UUID, UUID | None]
"""A household and one of its lists; None stands for all its lists together."""


class Stream:
    """What one caller follows. It is the bus of a handler of its own, so that it can be ended alone.

    While it is in doubt whether the caller may still hear of changes, they are kept back.
    """

    def __init__(self, caller: Caller, doubt: Callable[["Stream"], None]) -> None:
        self.caller = caller
        self.handler = ListenHandler(self, max_subscriptions=1)
        self.ended = False
        self._watched: Mapping[Place, str] = {}
        self._doubt = doubt
        self._in_doubt = False
        self._kept: dict[str, None] = {}
        self._deliver: Callable[[ServerEvent], None] | None = None

    def watch(self, watched: Mapping[Place, str]) -> None:
        """Follow these places; the values are the addresses that the caller knows them by."""
        self._watched = watched

    @property
    def households(self) -> frozenset[UUID]:
        """The households in which something is followed."""
        return frozenset(household_id for household_id, _ in self._watched)

    def heard(self, notification: Notification) -> None:
        """Pass on what the caller follows; anything about the caller's rights puts the stream in doubt."""
        match notification:
            case ListChanged():
                places: tuple[Place, ...] = (
                    (notification.household_id, notification.list_id),
                    (notification.household_id, None),
                )
                uris = [self._watched[place] for place in places if place in self._watched]
            case Refetch():
                uris = list(self._watched.values())
            case _:
                uris = []
        self._kept.update(dict.fromkeys(uris))
        if not isinstance(notification, ListChanged):
            self._in_doubt = True
            self._doubt(self)
        self._pass_on()

    def trust(self) -> None:
        """The caller's rights were looked at again, and they stand."""
        self._in_doubt = False
        self._pass_on()

    def end(self) -> None:
        """End the stream with its final result."""
        self.ended = True
        self._kept.clear()
        self.handler.close()

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """What the handler calls before it acknowledges (the SDK's `SubscriptionBus`)."""
        self._deliver = listener
        self._pass_on()

        def unsubscribe() -> None:
            self._deliver = None

        return unsubscribe

    async def publish(self, event: ServerEvent) -> None:
        """The other half of the SDK's `SubscriptionBus`; events come from `heard` alone."""
        raise NotImplementedError

    def _pass_on(self) -> None:
        if self._deliver is None or self._in_doubt:
            return
        for uri in self._kept:
            self._deliver(ResourceUpdated(uri))
        self._kept.clear()
