"""What events changed on a list, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant

MOST_EVENTS: Final = 200
MOST_LOOKED_AT: Final = 2_000
"""Of the events of a household, the last ones."""

MOST_NAMES: Final = 50
"""Of one event; there may be ten thousand."""


@dataclass(frozen=True, slots=True)
class EventOnList:
    """What an event changed on one list: how many items its author added and otherwise changed there, and the first of
    those added, as JSON that `read_record` reads."""

    author: UUID
    added: int
    changed: int
    additions: Sequence[str]


async def last_event(tenant: Tenant) -> int:
    """Return the number of the household's last event."""
    number: int | None = await tenant.driver.fetchval(
        "SELECT next_event - 1 FROM clocks WHERE household_id = $1", tenant.household_id
    )
    return number or 0


async def read_events(
    tenant: Tenant, list_id: UUID, me: UUID, first: int, last: int, since: datetime
) -> list[EventOnList]:
    """Return what others than `me` did on a list in the events from one number to another, and not before `since`,
    without what was undone."""
    rows = await tenant.driver.fetch(
        """
        SELECT e.person_id, counts.added, counts.changed,
               (SELECT coalesce(array_agg(change::text ORDER BY place), '{}') FROM (
                    SELECT change, place FROM jsonb_array_elements(e.changes) WITH ORDINALITY AS every(change, place)
                    WHERE NOT change ? 'before' AND change ? 'item'
                      AND coalesce(change->>'list_id', e.list_id::text) = $4::text
                    ORDER BY place LIMIT $8) AS first) AS additions
        FROM events AS e CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE NOT change ? 'before') AS added,
                   count(*) FILTER (WHERE change ? 'before') AS changed
            FROM jsonb_array_elements(e.changes) AS change
            WHERE change ? 'item' AND (
                coalesce(change->>'list_id', e.list_id::text) = $4::text OR change->'before'->>'list_id' = $4::text)
        ) AS counts
        WHERE e.household_id = $1 AND e.no BETWEEN $2 AND $3 AND e.at >= $6 AND e.person_id <> $5
          AND e.undone_by IS NULL AND e.kind <> 'undo' AND counts.added + counts.changed > 0
        ORDER BY e.no LIMIT $7
        """,
        tenant.household_id,
        max(first, last - MOST_LOOKED_AT + 1),
        last,
        str(list_id),
        me,
        since,
        MOST_EVENTS,
        MOST_NAMES,
    )
    return [EventOnList(*row) for row in rows]
