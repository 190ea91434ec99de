"""Refusals are recorded one by one while they are few, and counted when they are many: a flood of bad tokens must not
fill the disk."""

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
"""Refusals a minute that get a row of their own: of one network, grant and person, and of all together."""

GUESSES: Final = frozenset({Action.SIGN_IN, Action.PASSWORD_CHANGED, Action.PASSWORD_RESET})
"""Where passwords and links are guessed. These have as many rows again, which other refusals can't use up."""

MOST_COUNTED: Final = 100
"""Sources whose further refusals are counted apart; the others are counted together."""

COUNTED: Final = "counted"
"""The detail of a row that stands for refusals without a row of their own."""

_Source = tuple[str, str, str | None, UUID | None]


class Refusals:
    """The refusals of one process in the current minute."""

    def __init__(self) -> None:
        self._windows = FixedWindowRateLimiter(FixedWindow())
        self._counted: dict[_Source, AuditEntry] = {}

    def admit(self, entry: AuditEntry) -> bool:
        """Whether a refusal gets a row of its own; otherwise it is counted for `settle`."""
        rooms = _rooms(entry)
        # What one of them has no room for takes none from the others, nor is it noted: it would only fill the memory.
        if all(self._windows.test(item, key) for item, key in rooms):
            for item, key in rooms:
                self._windows.hit(item, key)
            return True
        self._count(entry)
        return False

    def settle(self, now: datetime) -> list[AuditEntry]:
        """The rows for what was counted since the last time, each with how many refusals it stands for."""
        counted, self._counted = self._counted, {}
        return [replace(entry, id=new_id(), at=now) for entry in counted.values()]

    def _count(self, entry: AuditEntry) -> None:
        source = (entry.action, entry.outcome, _network(entry), entry.grant_id)
        if source not in self._counted and len(self._counted) >= MOST_COUNTED:
            source = (entry.action, entry.outcome, None, None)
        known = self._counted.get(source)
        self._counted[source] = _shared(entry, source) if known is None else replace(known, times=known.times + 1)


def _rooms(entry: AuditEntry) -> list[tuple[RateLimitItem, str]]:
    """What a refusal takes of, each with its limit: whoever has many of one kind, as a person has grants, has but one
    of another."""
    group = "guess" if entry.action in GUESSES else "other"
    rooms = [(EACH, "all")]
    rooms += [(EACH_PER_SOURCE * each.share, f"network {each.name}") for each in networks_of(entry.address or "")]
    rooms += [(EACH_PER_SOURCE, f"grant {entry.grant_id}")] if entry.grant_id else []
    rooms += [(EACH_PER_SOURCE, f"person {entry.person_id}")] if entry.person_id else []
    return [(RateLimitItemPerMinute(most), f"{group} {source}") for most, source in rooms]


def _network(entry: AuditEntry) -> str | None:
    return None if entry.address is None else network_of(entry.address)


def _shared(entry: AuditEntry, source: _Source) -> AuditEntry:
    """A row that is true of all refusals of a source."""
    action, outcome, network, grant_id = source
    common = AuditEntry(action=action, outcome=outcome, at=entry.at, address=network, detail=COUNTED)
    if grant_id is None:
        return common
    return replace(common, grant_id=grant_id, person_id=entry.person_id, client_id=entry.client_id)
