"""Events in the database: what a call changed, and the answer it gave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.households.tenant import Tenant

KEY_LIFETIME = "24 hours"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a call with an idempotency key answered: JSON text, and the hash of the arguments it came with."""

    args_hash: str
    answer: str


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded call; `changes` is JSON text, `undone_by` the number of the event that undid it."""

    no: int
    at: datetime
    person_id: UUID
    kind: str
    list_id: UUID | None
    rev: int
    changes: str
    undone_by: int | None


EVENT_COLUMNS: Final = "no, at, person_id, kind, list_id, rev, changes::text AS changes, undone_by"


def event_of(row: asyncpg.Record) -> Event:
    """An event from a row with the columns of `EVENT_COLUMNS`."""
    return Event(**dict(row))


async def find_event(tenant: Tenant, no: int) -> Event | None:
    """The event with that number, if it is still on record."""
    row = await tenant.driver.fetchrow(
        f"SELECT {EVENT_COLUMNS} FROM events WHERE household_id = $1 AND no = $2",  # noqa: S608
        tenant.household_id,
        no,
    )
    return None if row is None else event_of(row)


async def set_undone_by(tenant: Tenant, no: int, undone_by: int | None) -> None:
    """Say which event undid an event; None when it is in force."""
    await tenant.driver.execute(
        "UPDATE events SET undone_by = $3 WHERE household_id = $1 AND no = $2", tenant.household_id, no, undone_by
    )


async def kept_answer(tenant: Tenant, idem_key: str) -> KeptAnswer | None:
    """The answer that this grant got under this key in the last 24 hours.

    An older use of the key is forgotten. Call it with the household's write lock held, so that two calls with one
    key can't both find nothing.
    """
    row = await tenant.driver.fetchrow(
        f"""
        UPDATE events SET idem_key = CASE WHEN at > now() - interval '{KEY_LIFETIME}' THEN idem_key END
        WHERE household_id = $1 AND grant_id = $2 AND idem_key = $3
        RETURNING idem_key, args_hash, answer::text
        """,  # noqa: S608
        tenant.household_id,
        tenant.actor.grant_id,
        idem_key,
    )
    if row is None or row["idem_key"] is None:
        return None
    return KeptAnswer(row["args_hash"], row["answer"])


async def keep_answer(tenant: Tenant, event_no: int, idem_key: str, kept: KeptAnswer) -> None:
    """Remember the answer of the call that recorded event `event_no`, for the next call with the same key."""
    await tenant.driver.execute(
        """
        UPDATE events SET idem_key = $3, args_hash = $4, answer = $5::text::jsonb
        WHERE household_id = $1 AND no = $2
        """,
        tenant.household_id,
        event_no,
        idem_key,
        kept.args_hash,
        kept.answer,
    )


async def insert_event(tenant: Tenant, kind: str, list_id: UUID | None = None, changes: str = "[]") -> int:
    """Record an event under the write lock; `changes` is JSON text. Returns its number."""
    no: int | None = await tenant.driver.fetchval(
        """
        WITH clock AS (
            UPDATE clocks SET next_event = next_event + 1 WHERE household_id = $1
            RETURNING next_event - 1 AS no, rev
        )
        INSERT INTO events (household_id, no, person_id, client_id, grant_id, kind, list_id, rev, changes)
        SELECT $1, clock.no, $2, $3, $4, $5, $6, clock.rev, $7::text::jsonb FROM clock
        RETURNING no
        """,
        tenant.household_id,
        tenant.actor.person_id,
        tenant.actor.client_id,
        tenant.actor.grant_id,
        kind,
        list_id,
        changes,
    )
    if no is None:
        raise LookupError("the household has no clock row")
    return no


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
