"""Reading the record of a household: its events, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.activity.repository import Event
from app.households.tenant import Tenant


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events: of a list, a person, a kind, from `since` up to before `until`; `before` is where a page starts."""

    list_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    person_id: UUID | None = None
    kind: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event and the name of who made it; None where nobody did.

    `event.changes` are the first changes of items, lists and choices; `changed` is how many there were.
    """

    event: Event
    person: str | None
    changed: int


async def read_log(tenant: Tenant, wanted: LogFilter, limit: int, most_changes: int) -> list[LogEntry]:
    """At most `limit` events that changed something, newest first, each with at most `most_changes` of its changes: one
    call may have changed ten thousand items."""
    rows = await tenant.driver.fetch(
        """
        SELECT e.no, e.at, e.person_id, e.kind, e.list_id, e.rev,
               (SELECT coalesce(jsonb_agg(change ORDER BY place), '[]')::text FROM (
                    SELECT change, place FROM jsonb_array_elements(e.changes) WITH ORDINALITY AS every(change, place)
                    WHERE NOT change ? 'event' ORDER BY place LIMIT $9) AS first) AS changes,
               e.undone_by, p.name,
               (SELECT count(*) FROM jsonb_array_elements(e.changes) AS change WHERE NOT change ? 'event') AS changed
        FROM events e LEFT JOIN people p ON p.id = e.person_id
        WHERE e.household_id = $1 AND e.changes <> '[]'
          AND ($2::uuid IS NULL OR e.list_id = $2 OR e.list_id IS NULL AND EXISTS (
              SELECT FROM jsonb_array_elements(e.changes) AS change
              WHERE $2::text IN (change->>'list_id', change->'before'->>'list_id')))
          AND ($3::timestamptz IS NULL OR e.at >= $3) AND ($4::timestamptz IS NULL OR e.at < $4)
          AND ($5::uuid IS NULL OR e.person_id = $5) AND ($6::text IS NULL OR e.kind = $6)
          AND ($7::integer IS NULL OR e.no < $7)
        ORDER BY e.no DESC LIMIT $8
        """,
        tenant.household_id,
        wanted.list_id,
        wanted.since,
        wanted.until,
        wanted.person_id,
        wanted.kind,
        wanted.before,
        limit,
        most_changes,
    )
    return [LogEntry(Event(*row[:-2]), row["name"], row["changed"]) for row in rows]
