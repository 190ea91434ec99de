"""Grants with today's memberships, kept for two seconds: so long may an ended grant live on in another process.

In this process a revocation drops its grant at once, and so does its cue elsewhere. Where cues don't arrive, nothing
more is kept; what was kept before is good for the rest of its two seconds, also while the database is away.
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
    """A live grant, and whom it lets act where."""

    grant: Grant
    actor: Actor


class GrantCache:
    """At most MOST_GRANTS by grant id; the ones read longest ago go first."""

    def __init__(self, pubsub: PubSub, *, clock: Clock = system_clock) -> None:
        self._pubsub = pubsub
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[datetime, CachedGrant]] = OrderedDict()
        self.endings = 0
        """Counts what may have ended grants, so that what was read before is not kept after."""
        pubsub.subscribe(self._heard)

    def find(self, grant_id: UUID) -> CachedGrant | None:
        """The grant, if it was read within the last two seconds and nothing has ended it since."""
        known = self._known.get(grant_id)
        if known is None:
            return None
        read_at, standing = known
        now = self._clock()
        ends_at = standing.grant.expires_at
        if read_at <= now < read_at + KEPT and (ends_at is None or now < ends_at):
            return standing
        del self._known[grant_id]
        return None

    def keep(self, standing: CachedGrant, endings: int) -> None:
        """Keep a grant that was read when `endings` was what it is now."""
        if endings != self.endings or not self._pubsub.is_listening:
            return
        self._known.pop(standing.grant.id, None)
        self._known[standing.grant.id] = (self._clock(), standing)
        if len(self._known) > MOST_GRANTS:
            self._known.popitem(last=False)

    def _heard(self, notification: Notification) -> None:
        if isinstance(notification, ListChanged):
            return
        self.endings += 1
        match notification:
            case GrantEnded():
                self._known.pop(notification.grant_id, None)
            case MembersChanged():
                covering = [key for key, (_, known) in self._known.items() if _covers(known, notification.household_id)]
                for grant_id in covering:
                    del self._known[grant_id]
            case _:
                self._known.clear()


def _covers(standing: CachedGrant, household_id: UUID) -> bool:
    return household_id in standing.grant.household_ids
