"""Pushes that wait to be sent, in the database: one for each browser and list, however much happens meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.alerts.repository import ListKey
from app.alerts.tables import push_outbox, push_subscriptions
from app.db import Connection, new_id
from app.people.tables import sessions

_CONFLICT: Final = (push_outbox.c.subscription_id, push_outbox.c.household_id, push_outbox.c.list_id)


@dataclass(frozen=True, slots=True)
class WaitingPush:
    """A push that this process has claimed. Without `list` it only tries the way."""

    id: UUID
    subscription_id: UUID
    list: ListKey | None
    first_event: int
    last_event: int
    expires_at: datetime
    attempts: int


async def put_pushes(
    connection: Connection, key: ListKey, first_event: int, last_event: int, now: datetime, expires_at: datetime
) -> int:
    """Put a push for each browser of a person into the outbox, about the events of a list from one number to another,
    and return how many. One that waits there already is about these as well."""
    browsers = await connection.execute(
        select(push_subscriptions.c.id)
        .join(sessions, sessions.c.id_hash == push_subscriptions.c.session_hash)
        .where(push_subscriptions.c.person_id == key[1], sessions.c.expires_at > now)
    )
    of_list = dict(zip(("household_id", "person_id", "list_id"), key, strict=True))
    rows = [
        {
            "id": new_id(),
            "subscription_id": each,
            **of_list,
            "first_event": first_event,
            "last_event": last_event,
            "due_at": now,
            "expires_at": expires_at,
        }
        for each in browsers.scalars()
    ]
    if rows:
        added = insert(push_outbox).values(rows)
        await connection.execute(
            added.on_conflict_do_update(
                index_elements=[*_CONFLICT],
                set_={"last_event": added.excluded.last_event, "expires_at": added.excluded.expires_at},
            )
        )
    return len(rows)


async def put_trial(connection: Connection, person_id: UUID, now: datetime, expires_at: datetime) -> int:
    """Put a push that only tries the way into the outbox for each browser of a person; return how many browsers."""
    browsers = list(
        (
            await connection.execute(select(push_subscriptions.c.id).where(push_subscriptions.c.person_id == person_id))
        ).scalars()
    )
    if browsers:
        rows = [{"id": new_id(), "subscription_id": each, "due_at": now, "expires_at": expires_at} for each in browsers]
        await connection.execute(insert(push_outbox).values(rows).on_conflict_do_nothing())
    return len(browsers)


async def claim_pushes(
    connection: Connection, now: datetime, limit: int, claimed_for: timedelta
) -> Sequence[WaitingPush]:
    """Claim pushes that are due. If this process dies, they are due again after `claimed_for`."""
    chosen = (
        select(push_outbox.c.id)
        .where(push_outbox.c.due_at <= now)
        .order_by(push_outbox.c.due_at, push_outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = await connection.execute(
        update(push_outbox)
        .where(push_outbox.c.id.in_(chosen))
        .values(due_at=now + claimed_for, attempts=push_outbox.c.attempts + 1)
        .returning(push_outbox)
    )
    return [
        WaitingPush(
            row.id,
            row.subscription_id,
            None if row.list_id is None else (row.household_id, row.person_id, row.list_id),
            row.first_event or 0,
            row.last_event or 0,
            row.expires_at,
            row.attempts,
        )
        for row in claimed
    ]


async def put_back(connection: Connection, push: WaitingPush, due_at: datetime, *, attempts: int) -> None:
    """Have a claimed push sent later; of what it is about, nothing was told."""
    await connection.execute(
        update(push_outbox)
        .where(push_outbox.c.id == push.id, push_outbox.c.attempts == push.attempts)
        .values(due_at=due_at, attempts=attempts)
    )


async def hold_back(connection: Connection, push: WaitingPush, until: datetime, expires_at: datetime) -> None:
    """Keep a claimed push over quiet hours."""
    await connection.execute(
        update(push_outbox).where(push_outbox.c.id == push.id).values(due_at=until, expires_at=expires_at, attempts=0)
    )


async def finish(connection: Connection, push: WaitingPush, now: datetime) -> None:
    """Take a push out of the outbox that was sent or given up. What came to it since it was claimed stays."""
    of_it = push_outbox.c.id == push.id
    if push.list is not None:
        await connection.execute(
            update(push_outbox)
            .where(of_it, push_outbox.c.last_event > push.last_event)
            .values(first_event=push.last_event + 1, due_at=now, attempts=0)
        )
        of_it &= push_outbox.c.last_event == push.last_event
    await connection.execute(delete(push_outbox).where(of_it))
