"""Grants with their present memberships, cached for two seconds: so long may an ended grant live on in another process.

In this process a revocation drops its grant at once, and elsewhere its notification does. While notifications don't
arrive, nothing more is cached; what was cached before is valid for the rest of its two seconds, also while the database
is away.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.households.tenant import Actor
from app.oauth.grants.models import Grant
from app.pubsub import GrantEnded, ListChanged, MembersChanged, Notification, PubSub
from app.runtime.clock import Clock, system_clock

KEPT: Final = timedelta(seconds=2)
MOST_GRANTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class CachedGrant:
    """A live grant, and the actor that it authorizes."""

    grant: Grant
    actor: Actor


class GrantCache:
    """At most MOST_GRANTS by grant id; those read longest ago are dropped first."""

    def __init__(self, pubsub: PubSub, *, clock: Clock = system_clock) -> None:
        self._pubsub = pubsub
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[datetime, CachedGrant]] = OrderedDict()
        self.revision = 0
        """Counts what may have ended grants, so that what was read before is not cached after."""
        pubsub.subscribe(self._drop_changed)

    @property
    def may_keep(self) -> bool:
        """Whether notifications arrive, so that what is read can be used again."""
        return self._pubsub.is_listening

    def find(self, grant_id: UUID) -> CachedGrant | None:
        """Return the grant, if it was read within the last two seconds and nothing has ended it since."""
        known = self._known.get(grant_id)
        if known is None:
            return None
        read_at, cached = known
        now = self._clock()
        ends_at = cached.grant.expires_at
        if read_at <= now < read_at + KEPT and (ends_at is None or now < ends_at):
            return cached
        del self._known[grant_id]
        return None

    def keep(self, cached: CachedGrant, revision: int) -> None:
        """Cache a grant, if `revision` is still what it was when the grant was read."""
        if revision != self.revision or not self.may_keep:
            return
        self._known.pop(cached.grant.id, None)
        self._known[cached.grant.id] = (self._clock(), cached)
        if len(self._known) > MOST_GRANTS:
            self._known.popitem(last=False)

    def _drop_changed(self, notification: Notification) -> None:
        if isinstance(notification, ListChanged):
            return
        self.revision += 1
        match notification:
            case GrantEnded():
                self._known.pop(notification.grant_id, None)
            case MembersChanged():
                covering = [key for key, (_, known) in self._known.items() if _covers(known, notification.household_id)]
                for grant_id in covering:
                    del self._known[grant_id]
            case _:
                self._known.clear()


def _covers(cached: CachedGrant, household_id: UUID) -> bool:
    return household_id in cached.grant.household_ids
