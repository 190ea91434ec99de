"""Few refusals are recorded one by one, many are counted, so that a flood of bad tokens does not fill the disk."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from app.audit.models import Action, AuditEntry
from app.db import new_id
from app.limits.windows import FixedWindow
from app.runtime.addresses import network_of, networks_of

EACH_PER_SOURCE: Final = 10
EACH: Final = 300
"""Refusals a minute that get a row each: of one network, grant or person, and of all together."""

GUESSES: Final = frozenset({Action.SIGN_IN, Action.PASSWORD_CHANGED, Action.PASSWORD_RESET})
"""The actions where passwords and links are guessed. They have a budget of their own, as large as the other one."""

MOST_COUNTED: Final = 100
"""The most sources whose further refusals are counted separately; the rest are counted together."""

COUNTED: Final = "counted"
"""The `detail` of a row that stands for several refusals."""

_Source = tuple[str, str, str | None, UUID | None]


class Refusals:
    """The refusals of one process in the current minute."""

    def __init__(self) -> None:
        self._windows = FixedWindowRateLimiter(FixedWindow())
        self._counted: dict[_Source, AuditEntry] = {}

    def admit(self, entry: AuditEntry) -> bool:
        """Whether a refusal gets a row of its own; if not, it is counted for `take_counted`."""
        limits = _limits(entry)
        # A refusal above one limit uses up none of the others, and leaves no counters that would only fill the memory.
        if all(self._windows.test(item, key) for item, key in limits):
            for item, key in limits:
                self._windows.hit(item, key)
            return True
        self._count(entry)
        return False

    def take_counted(self, now: datetime) -> list[AuditEntry]:
        """Return a row for each source counted since the last call, with the number of its refusals."""
        counted, self._counted = self._counted, {}
        return [replace(entry, id=new_id(), at=now) for entry in counted.values()]

    def _count(self, entry: AuditEntry) -> None:
        source = (entry.action, entry.outcome, _network(entry), entry.grant_id)
        if source not in self._counted and len(self._counted) >= MOST_COUNTED:
            source = (entry.action, entry.outcome, None, None)
        known = self._counted.get(source)
        self._counted[source] = _shared(entry, source) if known is None else replace(known, times=known.times + 1)


def _limits(entry: AuditEntry) -> list[tuple[RateLimitItem, str]]:
    """Return the limits that a refusal counts against. Several, because a person may have many grants or addresses."""
    group = "guess" if entry.action in GUESSES else "other"
    limits = [(EACH, "all")]
    limits += [(EACH_PER_SOURCE * each.share, f"network {each.name}") for each in networks_of(entry.address or "")]
    limits += [(EACH_PER_SOURCE, f"grant {entry.grant_id}")] if entry.grant_id else []
    limits += [(EACH_PER_SOURCE, f"person {entry.person_id}")] if entry.person_id else []
    return [(RateLimitItemPerMinute(most), f"{group} {source}") for most, source in limits]


def _network(entry: AuditEntry) -> str | None:
    return None if entry.address is None else network_of(entry.address)


def _shared(entry: AuditEntry, source: _Source) -> AuditEntry:
    """Return a row with only what all refusals of a source have in common."""
    action, outcome, network, grant_id = source
    common = AuditEntry(action=action, outcome=outcome, at=entry.at, address=network, detail=COUNTED)
    if grant_id is None:
        return common
    return replace(common, grant_id=grant_id, person_id=entry.person_id, client_id=entry.client_id)
