"""Which lists people want to hear of, in the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.alerts.models import AlertSettings, ListAlert, PushKind
from app.alerts.settings_repository import find_settings
from app.alerts.tables import list_alerts, push_subscriptions
from app.db import Connection
from app.households.tables import households, memberships

_KEY: Final = (list_alerts.c.household_id, list_alerts.c.person_id, list_alerts.c.list_id)

ListKey = tuple[UUID, UUID, UUID]
"""A household, a person and a list."""


async def find_alerts(connection: Connection, person_id: UUID) -> list[ListAlert]:
    """Return what a person wants to hear of, in the households that they belong to."""
    rows = await connection.execute(
        select(list_alerts.c.household_id, list_alerts.c.list_id, list_alerts.c.push, list_alerts.c.in_letter).where(
            list_alerts.c.person_id == person_id
        )
    )
    return [ListAlert(*row) for row in rows]


async def save_alert(connection: Connection, person_id: UUID, wanted: ListAlert, last_event: int) -> None:
    """Store what a member wants to hear of a list, from now on: nothing up to the event `last_event` is told.

    The caller keeps the membership from ending until the commit.
    """
    key = (wanted.household_id, person_id, wanted.list_id)
    if wanted.push is None and not wanted.in_letter:
        await connection.execute(delete(list_alerts).where(tuple_(*_KEY) == tuple_(*key)))
        return
    found = await connection.execute(
        select(list_alerts.c.push, list_alerts.c.told_up_to).where(tuple_(*_KEY) == tuple_(*key)).with_for_update()
    )
    row = found.first()
    # Who had no pushes so far hears nothing of what came before.
    told = row.told_up_to if row is not None and row.push is not None else last_event
    values = {"push": wanted.push, "in_letter": wanted.in_letter, "told_up_to": told}
    await connection.execute(
        insert(list_alerts)
        .values(household_id=key[0], person_id=key[1], list_id=key[2], **values)
        .on_conflict_do_update(index_elements=[*_KEY], set_=values)
    )


async def note_changes(connection: Connection, lists: Collection[tuple[UUID, UUID]], due: datetime) -> None:
    """Schedule a look at these lists, each a household and a list, for `due` unless it is scheduled for earlier.

    Waits for a process that is just looking at one of them, so that no change falls between its look and its note.
    """
    # As two arrays: as rows, PostgreSQL's parser has no room for ten thousand.
    arrays = [bindparam(None, list(each), ARRAY(Uuid)) for each in zip(*lists, strict=True)]
    named = func.unnest(*arrays).table_valued("household_id", "list_id").render_derived()
    await _set_due(connection, tuple_(list_alerts.c.household_id, list_alerts.c.list_id).in_(select(named)), due)


async def note_all(connection: Connection, due: datetime) -> None:
    """Schedule a look at every list that somebody wants pushes of."""
    await _set_due(connection, list_alerts.c.due_at.is_(None), due)


async def _set_due(connection: Connection, which: ColumnElement[bool], due: datetime) -> None:
    has_browser = select(push_subscriptions.c.id).where(push_subscriptions.c.person_id == list_alerts.c.person_id)
    await connection.execute(
        update(list_alerts)
        .where(which, list_alerts.c.push.is_not(None), has_browser.exists())
        # Never later: a list on which something happens all the time would be put off for ever.
        .values(due_at=func.coalesce(list_alerts.c.due_at, due))
    )


async def find_due(connection: Connection, now: datetime, limit: int) -> list[ListKey]:
    """Return the lists to look at, and for whom, the longest due first."""
    rows = await connection.execute(
        select(*_KEY).where(list_alerts.c.due_at <= now).order_by(list_alerts.c.due_at).limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]


@dataclass(frozen=True, slots=True)
class DueAlert:
    """A list to look at for a person, locked by this transaction."""

    push: PushKind
    told_up_to: int
    settings: AlertSettings


async def lock_due(connection: Connection, key: ListKey, now: datetime) -> DueAlert | None:
    """Lock a list that is still to be looked at; None if another process is looking, or has looked."""
    found = await connection.execute(
        select(list_alerts.c.push, list_alerts.c.told_up_to)
        .where(tuple_(*_KEY) == tuple_(*key), list_alerts.c.due_at <= now, list_alerts.c.push.is_not(None))
        .with_for_update(skip_locked=True)
    )
    row = found.first()
    if row is None:
        return None
    return DueAlert(row.push, row.told_up_to, await find_settings(connection, key[1]) or AlertSettings())


async def put_off(connection: Connection, key: ListKey, until: datetime) -> None:
    """Look at a list at `until` instead."""
    await connection.execute(update(list_alerts).where(tuple_(*_KEY) == tuple_(*key)).values(due_at=until))


async def note_told(connection: Connection, key: ListKey, up_to: int) -> None:
    """Note the last event that a person was told of a list, or needn't be."""
    await connection.execute(
        update(list_alerts).where(tuple_(*_KEY) == tuple_(*key)).values(told_up_to=up_to, due_at=None)
    )


@dataclass(frozen=True, slots=True)
class WantedPush:
    """What a member wants pushed of a list at this moment, and how."""

    push: PushKind
    settings: AlertSettings
    household_ref: str


async def find_wanted(connection: Connection, key: ListKey) -> WantedPush | None:
    """Return what a person wants pushed of a list; None if nothing, or if they have left the household."""
    found = await connection.execute(
        select(list_alerts.c.push, households.c.ref)
        .join(
            memberships,
            and_(
                memberships.c.household_id == list_alerts.c.household_id,
                memberships.c.person_id == list_alerts.c.person_id,
            ),
        )
        .join(households, households.c.id == list_alerts.c.household_id)
        .where(tuple_(*_KEY) == tuple_(*key), list_alerts.c.push.is_not(None))
    )
    row = found.first()
    if row is None:
        return None
    return WantedPush(row.push, await find_settings(connection, key[1]) or AlertSettings(), row.ref)
