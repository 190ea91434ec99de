"""Refusals are recorded one by one while they are few, and counted when they are many: a flood of bad tokens must not
fill the disk."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.db import new_id
from app.limits import defaults
from app.limits.counters import local_counters
from app.limits.rate_limit import RateLimit
from app.runtime.addresses import network_of

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
        self._counters = local_counters()
        self._counted: dict[_Source, AuditEntry] = {}

    def admit(self, entry: AuditEntry) -> bool:
        """Whether a refusal gets a row of its own; otherwise it is counted for `settle`."""
        counters = [each for limit, subject in _limits_of(entry) for each in limit.counters(*subject)]
        # What one of them has no room for takes none from the others, nor is it noted: it would only fill the memory.
        if all(self._counters.has_room(item, key) for item, key in counters):
            for item, key in counters:
                self._counters.hit(item, key)
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


def _limits_of(entry: AuditEntry) -> list[tuple[RateLimit, tuple[str, ...]]]:
    """Return the limits of a refusal with what they count: someone with many grants, say, is one person."""
    kind = "guess" if entry.action in GUESSES else "other"
    found = [
        (defaults.RECORDED_REFUSALS, (kind,)),
        (defaults.RECORDED_REFUSALS_OF_NETWORK, (entry.address or "", kind)),
    ]
    if entry.grant_id:
        found.append((defaults.RECORDED_REFUSALS_OF_GRANT, (str(entry.grant_id), kind)))
    if entry.person_id:
        found.append((defaults.RECORDED_REFUSALS_OF_PERSON, (str(entry.person_id), kind)))
    return found


def _network(entry: AuditEntry) -> str | None:
    return None if entry.address is None else network_of(entry.address)


def _shared(entry: AuditEntry, source: _Source) -> AuditEntry:
    """A row that is true of all refusals of a source."""
    action, outcome, network, grant_id = source
    common = AuditEntry(action=action, outcome=outcome, at=entry.at, address=network, detail=COUNTED)
    if grant_id is None:
        return common
    return replace(common, grant_id=grant_id, person_id=entry.person_id, client_id=entry.client_id)
