"""What happened on a list between two events, as somebody who was elsewhere is told of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.alerts.models import PushKind
from app.households import repository as households
from app.households.tenant import SERVICE, Tenant
from app.lists.history.records import ItemRecord, read_record
from app.lists.history.summaries import in_short
from app.lists.models import ShoppingList
from app.lists.repository import lists_with

MOST_EVENTS: Final = 200
MOST_LOOKED_AT: Final = 2_000
"""Of the events of a household, the last ones."""

MOST_NAMES: Final = 50
"""Of one event; there may be ten thousand."""


@dataclass(frozen=True, slots=True)
class AuthorsChanges:
    """What one person did there; None is the service itself, or somebody who has left. `names` are the first of those
    that they `added`; `changed` counts what else they did."""

    name: str | None
    names: Sequence[str]
    added: int
    changed: int


@dataclass(frozen=True, slots=True)
class ListNews:
    """What others did on a list, in the order in which they began."""

    list: ShoppingList
    by: Sequence[AuthorsChanges]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.by


async def last_event(tenant: Tenant) -> int:
    """Return the number of the household's last event."""
    number: int | None = await tenant.driver.fetchval(
        "SELECT next_event - 1 FROM clocks WHERE household_id = $1", tenant.household_id
    )
    return number or 0


async def read_news(
    tenant: Tenant,
    list_id: UUID,
    me: UUID,
    what: PushKind,
    first: int,
    last: int,
    since: datetime,
) -> ListNews | None:
    """Return what others than `me` did on a list in the events from one number to another, and not before `since`; None
    if the list is gone.

    What was undone is left out, and so is what only its own author sees, such as a choice of a default list.
    """
    on = (await lists_with(tenant, {list_id})).get(list_id)
    if on is None or on.deleted_at is not None:
        return None
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
    added, changed = Counter[UUID](), Counter[UUID]()
    names: dict[UUID, list[str]] = {}
    for row in rows:
        author: UUID = row["person_id"]
        names.setdefault(author, [])
        added[author] += row["added"]
        changed[author] += row["changed"] if what == "changes" else 0
        for each in row["additions"]:
            record = read_record(each)
            if isinstance(record, ItemRecord) and len(names[author]) < MOST_NAMES:
                names[author].append(in_short(record.after.get("name", "")))
    known = await households.names_of(tenant.connection, tenant.household_id, set(names) - {SERVICE})
    return ListNews(
        on,
        [
            AuthorsChanges(known.get(each), named, added[each], changed[each])
            for each, named in names.items()
            if added[each] or changed[each]
        ],
    )
