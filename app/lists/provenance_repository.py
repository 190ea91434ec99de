"""Where the items of a page come from, in the database: who added and bought them, and when they come back."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.households.models import Membership
from app.households.tenant import Tenant
from app.lists.items.fields import PageRow, due_day

_EARLIER: Final = timedelta(hours=1)
"""How far the clocks of the service and of the database may be apart."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is on record of an item beside what it says; None where nothing is."""

    added_by: str | None
    bought_at: datetime | None
    bought_by: str | None
    due: date | None


async def read_provenance(tenant: Tenant, rows: Sequence[PageRow]) -> dict[int, Provenance]:
    """Return where items come from, by number.

    An item's id holds the time when it was made (RFC 9562, version 7), so that only later events are looked through.
    """
    found = await tenant.driver.fetch(
        """
        SELECT items.no, items.id, items.checked_at, items.repeat_days, people.name AS bought_by
        FROM items LEFT JOIN people ON people.id = items.checked_by
        WHERE items.household_id = $1 AND items.no = ANY($2)
        """,
        tenant.household_id,
        [row.no for row in rows],
    )
    if not found:
        return {}
    added = await tenant.driver.fetch(
        """
        SELECT DISTINCT ON (item) (change->>'item')::integer AS item, people.name FROM events
        CROSS JOIN jsonb_array_elements(events.changes) AS change
        LEFT JOIN people ON people.id = events.person_id
        WHERE events.household_id = $1 AND events.at >= $2
          AND (change->>'item')::integer = ANY($3) AND NOT change ? 'before'
        ORDER BY item, events.no
        """,
        tenant.household_id,
        min(_made_at(row["id"]) for row in found) - _EARLIER,
        [row["no"] for row in found],
    )
    added_by = {row["item"]: row["name"] for row in added}
    return {
        row["no"]: Provenance(
            added_by.get(row["no"]),
            row["checked_at"],
            row["bought_by"],
            _due(tenant.membership, row["checked_at"], row["repeat_days"]),
        )
        for row in found
    }


def _made_at(item_id: UUID) -> datetime:
    return datetime.fromtimestamp(min((item_id.int >> 80) / 1000, time.time()), UTC)


def _due(membership: Membership, checked_at: datetime | None, repeat_days: int | None) -> date | None:
    return None if checked_at is None else due_day(checked_at, repeat_days, membership)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused an event, and through which grant; the name is None for the service itself."""

    person: str | None
    grant_id: UUID


RECENT_EVENTS: Final = 200
"""The latest events of a household that are looked through for what was added lately."""


async def read_recent_origins(tenant: Tenant, numbers: Collection[int]) -> dict[int, Origin]:
    """Return who added items, by number, as far as that was one of the latest changes in the household."""
    rows = await tenant.driver.fetch(
        """
        SELECT DISTINCT ON (item) (change->>'item')::integer AS item, people.name, latest.grant_id FROM (
            SELECT no, person_id, grant_id, changes FROM events WHERE household_id = $1 ORDER BY no DESC LIMIT $3
        ) AS latest
        CROSS JOIN jsonb_array_elements(latest.changes) AS change
        LEFT JOIN people ON people.id = latest.person_id
        WHERE (change->>'item')::integer = ANY($2) AND NOT change ? 'before'
        ORDER BY item, latest.no
        """,
        tenant.household_id,
        list(numbers),
        RECENT_EVENTS,
    )
    return {row["item"]: Origin(row["name"], row["grant_id"]) for row in rows}


async def read_grants(tenant: Tenant, events: Collection[int]) -> dict[int, UUID]:
    """Return through which grant each of these events was caused."""
    rows = await tenant.driver.fetch(
        "SELECT no, grant_id FROM events WHERE household_id = $1 AND no = ANY($2)", tenant.household_id, list(events)
    )
    return {row["no"]: row["grant_id"] for row in rows}
