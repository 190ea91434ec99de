"""Writing one call's changes of items with the event that tells of them, in one statement, whatever the call was."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.models import GAP_BITS, Change, Item
from app.lists.repository import Clock

_SAVE: Final = """
    WITH clock AS (
        UPDATE clocks SET next_item = $3, next_event = $4 + 1 WHERE household_id = $1
    ), stamped AS (
        UPDATE lists SET rev = $2, open_items = open_items + more.open, checked_items = checked_items + more.checked
        FROM unnest($5::uuid[], $6::integer[], $7::integer[]) AS more(list_id, open, checked)
        WHERE lists.household_id = $1 AND lists.id = more.list_id
    ), told AS (
        INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes)
        VALUES ($1, $4, $2, $8, $9, $10, $11, $12, $13::text::jsonb)
    )
    INSERT INTO items (household_id, rev, id, no, list_id, name, name_key, position, measure, amount, unit, note,
        variant, category, store, assignee_id, priority, price, not_before, repeat_days, checked_at, checked_by,
        deleted_at)
    SELECT $1, $2, given.* FROM jsonb_to_recordset($14::text::jsonb) AS given(
        id uuid, no integer, list_id uuid, name text, name_key text, position bigint, measure text, amount numeric,
        unit text, note text, variant smallint, category text, store text, assignee_id uuid, priority text,
        price numeric, not_before date, repeat_days integer, checked_at timestamptz, checked_by uuid,
        deleted_at timestamptz)
    ON CONFLICT (household_id, id) DO UPDATE SET
        rev = excluded.rev, list_id = excluded.list_id, name = excluded.name, name_key = excluded.name_key,
        position = excluded.position, measure = excluded.measure, amount = excluded.amount, unit = excluded.unit,
        note = excluded.note, variant = excluded.variant, category = excluded.category, store = excluded.store,
        assignee_id = excluded.assignee_id, priority = excluded.priority, price = excluded.price,
        not_before = excluded.not_before, repeat_days = excluded.repeat_days, checked_at = excluded.checked_at,
        checked_by = excluded.checked_by, deleted_at = excluded.deleted_at
"""


@dataclass(frozen=True, slots=True)
class SavedEvent:
    """What the event of a call says: which tool, about which list if about one, and the changes as JSON."""

    kind: str
    list_id: UUID | None
    changes: str


@dataclass(slots=True)
class _More:
    """How many open and checked items a list has gained; fewer is less than nothing."""

    open: int = 0
    checked: int = 0

    def count(self, item: Item, number: int) -> None:
        """Count an item that is there now (1), or was (-1)."""
        if item.deleted_at is not None:
            return
        if item.checked_at is None:
            self.open += number
        else:
            self.checked += number


def _more_of(changes: Collection[Change]) -> dict[UUID, _More]:
    """What each list that is touched has gained."""
    lists: dict[UUID, _More] = defaultdict(_More)
    for change in changes:
        if change.before is not None:
            lists[change.before.list_id].count(change.before, -1)
        lists[change.after.list_id].count(change.after, 1)
    return lists


async def save_changes(tenant: Tenant, clock: Clock, changes: Collection[Change], told: SavedEvent) -> int:
    """Store new and changed items and the event, stamp them and their lists with the clock's revision, and answer the
    event's number. Needs the write lock, and the clock as it was read under it."""
    if _trade_places(changes):
        await _park(tenant, [change.after.id for change in changes])
    left = [(change.before.list_id, change.after.no) for change in changes if change.before and _left_its_list(change)]
    if left:
        await _record_departures(tenant, clock.rev, left)
    # Numbers and positions come from one counter: what is appended stands behind all that was there, and behind all
    # that was moved to the end.
    last = max(max(change.after.no, change.after.position >> GAP_BITS) for change in changes)
    lists = _more_of(changes)
    await tenant.driver.execute(
        _SAVE,
        tenant.household_id,
        clock.rev,
        max(clock.next_item, last + 1),
        clock.next_event,
        list(lists),
        [more.open for more in lists.values()],
        [more.checked for more in lists.values()],
        tenant.actor.person_id,
        tenant.actor.client_id,
        tenant.actor.grant_id,
        told.kind,
        told.list_id,
        told.changes,
        json.dumps([row_of(change.after) for change in changes], ensure_ascii=False),
    )
    for list_id in lists:
        tenant.note_change(list_id, clock.rev)
    return clock.next_event


def _trade_places(changes: Collection[Change]) -> bool:
    """Whether one change takes what another gives up among the open lines of a name: Postgres checks uniqueness row by
    row, in an order that can't be chosen."""
    given_up = {_line_key(change.before): change.after.id for change in changes if change.before is not None}
    return any(given_up.get(_line_key(change.after), change.after.id) != change.after.id for change in changes)


def _left_its_list(change: Change) -> bool:
    return change.before is not None and change.before.list_id != change.after.list_id


def _line_key(item: Item) -> tuple[UUID, str, str, int] | UUID:
    """What must be unique among open lines; other items are only like themselves."""
    return (item.list_id, item.name_key, item.measure, item.variant) if item.is_open else item.id


async def _park(tenant: Tenant, item_ids: list[UUID]) -> None:
    """Give items variants that no line has, until they are stored with their new ones."""
    await tenant.driver.execute(
        "UPDATE items SET variant = -1 - variant WHERE household_id = $1 AND id = ANY($2)",
        tenant.household_id,
        item_ids,
    )


async def _record_departures(tenant: Tenant, rev: int, left: list[tuple[UUID, int]]) -> None:
    await tenant.driver.execute(
        """
        INSERT INTO departures (household_id, list_id, item_no, rev)
        SELECT $1, list_id, item_no, $4 FROM unnest($2::uuid[], $3::integer[]) AS gone(list_id, item_no)
        ON CONFLICT (household_id, list_id, item_no) DO UPDATE SET rev = excluded.rev
        """,
        tenant.household_id,
        [list_id for list_id, _ in left],
        [item_no for _, item_no in left],
        rev,
    )


def row_of(item: Item) -> dict[str, object]:
    """The columns of an item that are not null, with values that JSON can hold."""
    quantity = item.quantity
    row = {
        "id": str(item.id),
        "no": item.no,
        "list_id": str(item.list_id),
        "name": item.name,
        "name_key": item.name_key,
        "position": item.position,
        "measure": item.measure,
        "amount": None if quantity is None else str(quantity.amount),
        "unit": None if quantity is None else quantity.unit,
        "note": item.note,
        "variant": item.variant,
        "category": item.category,
        "store": item.store,
        "assignee_id": _text(item.assignee_id),
        "priority": item.priority,
        "price": _text(item.price),
        "not_before": _text(item.not_before),
        "repeat_days": item.repeat_days,
        "checked_at": _text(item.checked_at),
        "checked_by": _text(item.checked_by),
        "deleted_at": _text(item.deleted_at),
    }
    return {name: value for name, value in row.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
