"""One open `subscriptions/listen` stream: it turns our notifications into those of the SDK."""

from collections.abc import Callable, Collection, Mapping
from typing import Literal, NamedTuple
from uuid import UUID

from mcp.server.subscriptions import ListenHandler
from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated, ServerEvent

from app.access.caller import Caller
from app.pubsub import ListChanged, MembersChanged, Notification, Refetch


class Subject(NamedTuple):
    """What a resource shows: one list of a household, or all its lists or its members where `list_id` says so."""

    household_id: UUID
    list_id: UUID | Literal["all", "members"]


class Stream:
    """What one caller follows. It has a handler of its own, and is its bus, so that it can be ended alone.

    While it is uncertain whether the caller may still see changes, they are held back.
    """

    def __init__(self, caller: Caller, request_check: Callable[["Stream"], None]) -> None:
        self.caller = caller
        self.handler = ListenHandler(self, max_subscriptions=1)
        self.is_ended = False
        self._followed: Mapping[Subject, str] = {}
        self._listed: frozenset[UUID] = frozenset()
        self._request_check = request_check
        self._is_unchecked = False
        self._pending: dict[ServerEvent, None] = {}
        self._deliver: Callable[[ServerEvent], None] | None = None

    def follow(self, subjects: Mapping[Subject, str], listed: Collection[UUID]) -> None:
        """Follow these subjects, by the URIs that the caller knows them by, and which resources `listed` households
        have."""
        self._followed = subjects
        self._listed = frozenset(listed)

    @property
    def households(self) -> frozenset[UUID]:
        """The households in which something is followed."""
        return self._listed.union(subject.household_id for subject in self._followed)

    def receive(self, notification: Notification) -> None:
        """Pass on what the caller follows; ask for a check after anything that may affect the caller's rights."""
        match notification:
            case ListChanged(household_id, list_id, _, itself):
                subjects = [Subject(household_id, list_id), Subject(household_id, "all")]
                is_listing_changed = itself and household_id in self._listed
            case MembersChanged(household_id):
                subjects, is_listing_changed = [Subject(household_id, "members")], False
            case Refetch():
                subjects, is_listing_changed = list(self._followed), bool(self._listed)
            case _:
                subjects, is_listing_changed = [], False
        uris = [self._followed[each] for each in subjects if each in self._followed]
        self._pending.update((ResourceUpdated(uri), None) for uri in uris)
        if is_listing_changed:
            self._pending[ResourcesListChanged()] = None
        if not isinstance(notification, ListChanged):
            self._is_unchecked = True
            self._request_check(self)
        self._pass_on()

    def confirm(self) -> None:
        """Go on: the caller's rights were checked again, and they still hold."""
        self._is_unchecked = False
        self._pass_on()

    def end(self) -> None:
        """End the stream with its final result."""
        self.is_ended = True
        self._pending.clear()
        self.handler.close()

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Take the handler's listener; the handler calls this before it acknowledges (the SDK's `SubscriptionBus`)."""
        self._deliver = listener
        self._pass_on()

        def unsubscribe() -> None:
            self._deliver = None

        return unsubscribe

    async def publish(self, event: ServerEvent) -> None:
        """Refuse: this half of the SDK's `SubscriptionBus` is unused, events come from `receive` alone."""
        raise NotImplementedError

    def _pass_on(self) -> None:
        if self._deliver is None or self._is_unchecked:
            return
        for event in self._pending:
            self._deliver(event)
        self._pending.clear()
