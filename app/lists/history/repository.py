"""Events in the database: what a call changed, the result it returned, and the deletion of old events."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.households.tenant import Tenant, deleted

KEY_LIFETIME = "24 hours"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The result of a call with an idempotency key, as JSON text, and the hash of the arguments it came with."""

    args_hash: str
    answer: str


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded call; each of `changes` is JSON text, `undone_by` the number of the event that undid it."""

    no: int
    at: datetime
    person_id: UUID
    kind: str
    list_id: UUID | None
    rev: int
    changes: Sequence[str]
    undone_by: int | None


async def find_event(tenant: Tenant, no: int) -> Event | None:
    """Return the event with that number, if it is still on record."""
    row = await tenant.driver.fetchrow(
        """
        SELECT no, at, person_id, kind, list_id, rev,
               (SELECT coalesce(array_agg(change::text ORDER BY place), '{}')
                FROM jsonb_array_elements(changes) WITH ORDINALITY AS every(change, place)) AS changes,
               undone_by
        FROM events WHERE household_id = $1 AND no = $2
        """,
        tenant.household_id,
        no,
    )
    return None if row is None else Event(**dict(row))


async def calls_between(tenant: Tenant, since: datetime | None, until: datetime | None, most: int) -> dict[int, int]:
    """Return the numbers of the events that the person caused in `[since, until)`, the latest first, with how many
    things each changed."""
    rows = await tenant.driver.fetch(
        """
        SELECT no, jsonb_array_length(changes) AS changed FROM events
        WHERE household_id = $1 AND person_id = $2 AND changes <> '[]'
          AND ($3::timestamptz IS NULL OR at >= $3) AND ($4::timestamptz IS NULL OR at < $4)
        ORDER BY no DESC LIMIT $5
        """,
        tenant.household_id,
        tenant.actor.person_id,
        since,
        until,
        most,
    )
    return {row["no"]: row["changed"] for row in rows}


async def changes_of(tenant: Tenant, numbers: Collection[int]) -> dict[int, int]:
    """Return how many things each of these events changed."""
    rows = await tenant.driver.fetch(
        "SELECT no, jsonb_array_length(changes) AS changed FROM events WHERE household_id = $1 AND no = ANY($2)",
        tenant.household_id,
        list(numbers),
    )
    return {row["no"]: row["changed"] for row in rows}


async def set_undone_by(tenant: Tenant, no: int, undone_by: int | None) -> None:
    """Store which event undid an event; None when it is in force."""
    await tenant.driver.execute(
        "UPDATE events SET undone_by = $3 WHERE household_id = $1 AND no = $2", tenant.household_id, no, undone_by
    )


async def find_answer(tenant: Tenant, idem_key: str) -> KeptAnswer | None:
    """Return the result that this grant got under this key in the last 24 hours, as far as it is stored by now."""
    row = await tenant.driver.fetchrow(
        f"""
        SELECT args_hash, answer::text FROM events
        WHERE household_id = $1 AND grant_id = $2 AND idem_key = $3 AND at > now() - interval '{KEY_LIFETIME}'
        """,  # noqa: S608
        tenant.household_id,
        tenant.actor.grant_id,
        idem_key,
    )
    return None if row is None else KeptAnswer(row["args_hash"], row["answer"])


async def kept_answer(tenant: Tenant, idem_key: str) -> KeptAnswer | None:
    """Return the result that this grant got under this key in the last 24 hours.

    An older use of the key is dropped. Needs the household's write lock, so that two calls with one key can't both
    find nothing.
    """
    row = await tenant.driver.fetchrow(
        f"""
        SELECT no, at > now() - interval '{KEY_LIFETIME}' AS is_valid, args_hash, answer::text FROM events
        WHERE household_id = $1 AND grant_id = $2 AND idem_key = $3
        """,  # noqa: S608
        tenant.household_id,
        tenant.actor.grant_id,
        idem_key,
    )
    if row is None:
        return None
    if not row["is_valid"]:
        await tenant.driver.execute(
            "UPDATE events SET idem_key = NULL WHERE household_id = $1 AND no = $2", tenant.household_id, row["no"]
        )
        return None
    return KeptAnswer(row["args_hash"], row["answer"])


async def keep_answer(tenant: Tenant, event_no: int, idem_key: str, kept: KeptAnswer) -> None:
    """Keep the result of the call that recorded event `event_no`, for the next call with the same key."""
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
    """Record an event and return its number; `changes` is JSON text. Needs the write lock."""
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
        raise deleted()
    return no


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events to read: of a list, a person, a kind, a client, one of some grants, at `since` or later and before
    `until`, with changes of one of the items with these numbers, or the one event `no`.

    A page starts below the number `before`.
    """

    list_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    person_id: UUID | None = None
    kind: str | None = None
    before: int | None = None
    items: Sequence[int] | None = None
    no: int | None = None
    client_id: str | None = None
    grant_ids: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event and the name of the person who caused it; None for the service itself.

    `event.changes` are changes of items, lists and default lists, of the items asked for if any were; `changed` is how
    many there were in all.
    """

    event: Event
    person: str | None
    changed: int


async def read_log(
    tenant: Tenant, log_filter: LogFilter, limit: int, most_changes: int, first_change: int = 0
) -> list[LogEntry]:
    """Return at most `limit` events that changed something, newest first, each with at most `most_changes` changes from
    `first_change` on: one call may have changed ten thousand items."""
    rows = await tenant.driver.fetch(
        """
        SELECT e.no, e.at, e.person_id, e.kind, e.list_id, e.rev,
               (SELECT coalesce(array_agg(change::text ORDER BY place), '{}') FROM (
                    SELECT change, place FROM jsonb_array_elements(e.changes) WITH ORDINALITY AS every(change, place)
                    WHERE NOT change ?| '{event,habit}'
                      AND ($10::integer[] IS NULL OR (change->>'item')::integer = ANY($10))
                    ORDER BY place LIMIT $9 OFFSET $12) AS first) AS changes,
               e.undone_by, p.name,
               (SELECT count(*) FROM jsonb_array_elements(e.changes) AS change
                WHERE NOT change ?| '{event,habit}') AS changed
        FROM events e LEFT JOIN people p ON p.id = e.person_id
        WHERE e.household_id = $1 AND e.changes <> '[]'
          AND ($2::uuid IS NULL OR e.list_id = $2 OR e.list_id IS NULL AND EXISTS (
              SELECT FROM jsonb_array_elements(e.changes) AS change
              WHERE $2::text IN (change->>'list_id', change->'before'->>'list_id')))
          AND ($3::timestamptz IS NULL OR e.at >= $3) AND ($4::timestamptz IS NULL OR e.at < $4)
          AND ($5::uuid IS NULL OR e.person_id = $5) AND ($6::text IS NULL OR e.kind = $6)
          AND ($13::text IS NULL OR e.client_id = $13) AND ($14::uuid[] IS NULL OR e.grant_id = ANY($14))
          AND ($7::integer IS NULL OR e.no < $7) AND ($11::integer IS NULL OR e.no = $11)
          AND ($10::integer[] IS NULL OR EXISTS (
              SELECT FROM jsonb_array_elements(e.changes) AS change WHERE (change->>'item')::integer = ANY($10)))
        ORDER BY e.no DESC LIMIT $8
        """,
        tenant.household_id,
        log_filter.list_id,
        log_filter.since,
        log_filter.until,
        log_filter.person_id,
        log_filter.kind,
        log_filter.before,
        limit,
        most_changes,
        log_filter.items,
        log_filter.no,
        first_change,
        log_filter.client_id,
        log_filter.grant_ids,
    )
    return [LogEntry(Event(*row[:-2]), row["name"], row["changed"]) for row in rows]


async def oldest_event(tenant: Tenant) -> datetime | None:
    """Return the time of the oldest event on record."""
    moment: datetime | None = await tenant.driver.fetchval(
        "SELECT at FROM events WHERE household_id = $1 ORDER BY no LIMIT 1", tenant.household_id
    )
    return moment


async def delete_before(tenant: Tenant, moment: datetime) -> None:
    """Delete the events and departures before a moment, and note in the household's clock up to which revision.

    Items removed before it are deleted too, except for those with purchases, which stay on record, and those that a
    remaining event refers to.
    """
    await tenant.driver.execute(
        """
        WITH gone AS (DELETE FROM events WHERE household_id = $1 AND at < $2 RETURNING rev)
        UPDATE clocks SET forgotten_rev = greatest(forgotten_rev, (SELECT max(rev) FROM gone)) WHERE household_id = $1
        """,
        tenant.household_id,
        moment,
    )
    await tenant.driver.execute(
        """
        DELETE FROM departures
        WHERE household_id = $1 AND rev <= (SELECT forgotten_rev FROM clocks WHERE household_id = $1)
        """,
        tenant.household_id,
    )
    await tenant.driver.execute(
        """
        DELETE FROM items WHERE household_id = $1 AND deleted_at < $2
        AND rev <= (SELECT forgotten_rev FROM clocks WHERE household_id = $1) AND NOT EXISTS (
            SELECT FROM purchases WHERE purchases.household_id = $1 AND purchases.item_id = items.id)
        """,
        tenant.household_id,
        moment,
    )
