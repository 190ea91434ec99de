"""Record the first refusals of a minute one by one and count the rest, so that a flood can't fill the disk."""

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
"""The actions in which passwords and links are guessed. They have limits of their own, as large as the others'."""

MOST_COUNTED: Final = 100
"""The most sources whose further refusals are counted separately; the rest are counted together."""

COUNTED: Final = "counted"
"""The `detail` of a row that counts several refusals."""

_Source = tuple[str, str, str | None, UUID | None]


class Refusals:
    """The refusals of one process in the current minute."""

    def __init__(self) -> None:
        self._counters = local_counters()
        self._counted: dict[_Source, AuditEntry] = {}

    def admit(self, entry: AuditEntry) -> bool:
        """Whether a refusal gets a row of its own; if not, it is counted for `take_counted`."""
        counters = [each for limit, subject in _limits(entry) for each in limit.counters(*subject)]
        # A refusal above one limit doesn't count against the others, and creates no counters, which would fill memory.
        if all(self._counters.has_room(item, key) for item, key in counters):
            for item, key in counters:
                self._counters.hit(item, key)
            return True
        self._count(entry)
        return False

    def take_counted(self, now: datetime) -> list[AuditEntry]:
        """Return a row for each source counted since the last call, with the number of its refusals."""
        counted, self._counted = self._counted, {}
        return [replace(entry, id=new_id(), at=now) for entry in counted.values()]

    def _count(self, entry: AuditEntry) -> None:
        network = None if entry.address is None else network_of(entry.address)
        source = (entry.action, entry.outcome, network, entry.grant_id)
        if source not in self._counted and len(self._counted) >= MOST_COUNTED:
            source = (entry.action, entry.outcome, None, None)
        known = self._counted.get(source)
        self._counted[source] = _shared(entry, source) if known is None else replace(known, times=known.times + 1)


def _limits(entry: AuditEntry) -> list[tuple[RateLimit, tuple[str, ...]]]:
    """Return the limits that a refusal counts against. Several, because a person may have many grants or addresses."""
    kind = "guess" if entry.action in GUESSES else "other"
    limits = [
        (defaults.RECORDED_REFUSALS, (kind,)),
        (defaults.RECORDED_REFUSALS_OF_NETWORK, (entry.address or "", kind)),
    ]
    if entry.grant_id:
        limits.append((defaults.RECORDED_REFUSALS_OF_GRANT, (str(entry.grant_id), kind)))
    if entry.person_id:
        limits.append((defaults.RECORDED_REFUSALS_OF_PERSON, (str(entry.person_id), kind)))
    return limits


def _shared(entry: AuditEntry, source: _Source) -> AuditEntry:
    """Return a row with only what all refusals of a source have in common."""
    action, outcome, network, grant_id = source
    common = AuditEntry(action=action, outcome=outcome, at=entry.at, address=network, detail=COUNTED)
    if grant_id is None:
        return common
    return replace(common, grant_id=grant_id, person_id=entry.person_id, client_id=entry.client_id)
