"""Items in the database: storing them, each call with its event in one statement."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.history.changes import recorded_values
from app.lists.items.fields import FIELDS, Item
from app.lists.items.repository import COLUMNS, ITEM_COLUMNS, item_of
from app.lists.models import GAP_BITS, ITEMS_PER_LIST, LINES_PER_NAME, Change, ShoppingList
from app.lists.repository import (
    CLOCK_COLUMNS,
    CLOCK_WIDTH,
    DEFAULT,
    LIST_COLUMNS,
    LIST_WIDTH,
    NAMED,
    Clock,
    list_of,
)
from app.lists.resolve_list import list_key
from app.runtime.turns import map_in_turns

MOST_ALIKE: Final = 2 * LINES_PER_NAME

_GIVEN: Final = {column: kind for column, kind in COLUMNS.items() if column != "rev"}
"""The columns of an item in a JSON row; its revision is the call's."""

_UNPLACED: Final = ", ".join(column for column in _GIVEN if column not in ("no", "position", "list_id"))
"""The columns of a new item that do not depend on the clock and the list."""

_COLUMNS: Final = ", ".join(_GIVEN)
_TYPES: Final = ", ".join(f"{column} {kind}" for column, kind in _GIVEN.items())
_OVERWRITTEN: Final = ", ".join(f"{column} = excluded.{column}" for column in _GIVEN if column not in ("id", "no"))
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_PLAIN: Final = tuple(each.name for each in FIELDS if each.name in _GIVEN)


def _row_of(item: Item) -> dict[str, object]:
    """Return the columns of an item that are not null; JSON gets what it can't hold as text."""
    row = {name: value for name in _PLAIN if (value := getattr(item, name)) is not None}
    row["measure"] = item.measure
    if item.quantity is not None:
        row["amount"] = item.quantity.amount
        row["unit"] = item.quantity.unit
    return row


@dataclass(frozen=True, slots=True)
class AddResult:
    """What an add found: `on` is None when there is no such list, `alike` are in the list's order.

    With `stored`, the new items are on the list, numbered from the clock's `next_item`.
    """

    clock: Clock
    on: ShoppingList | None
    alike: list[Item]
    stored: bool


def _insert_statement(which: str, first: int) -> str:
    keys, rows, count, person, client, grant = (f"${number}" for number in range(first, first + 6))
    return f"""
        WITH clock AS (
            SELECT {CLOCK_COLUMNS} FROM clocks WHERE household_id = $1
        ), target AS (
            SELECT {LIST_COLUMNS} FROM lists WHERE {which}
        ), alike AS (
            SELECT alike.* FROM target, unnest({keys}::text[]) AS searched(name_key), LATERAL (
                SELECT {ITEM_COLUMNS} FROM items
                WHERE items.household_id = $1 AND items.list_id = target.id AND items.name_key = searched.name_key
                  AND items.deleted_at IS NULL
                ORDER BY items.checked_at DESC NULLS FIRST LIMIT {MOST_ALIKE}
            ) AS alike
        ), free AS (
            SELECT target.id AS list_id, clock.rev, clock.next_item, clock.next_event FROM clock, target
            WHERE {count} > 0 AND target.open_items + target.checked_items + {count} <= {ITEMS_PER_LIST}
              AND NOT EXISTS (SELECT FROM alike)
        ), fresh AS (
            SELECT free.next_item + given.no AS number, given.created,
                (free.next_item::bigint << {GAP_BITS}) + given.position AS place, {_UNPLACED}
            FROM free, jsonb_to_recordset({rows}::text::jsonb) AS given({_TYPES}, created jsonb)
        ), counted AS (
            UPDATE clocks SET next_item = clocks.next_item + {count}, next_event = clocks.next_event + 1
            FROM free WHERE clocks.household_id = $1
        ), stamped AS (
            UPDATE lists SET rev = free.rev, open_items = open_items + {count}
            FROM free WHERE lists.household_id = $1 AND lists.id = free.list_id
        ), recorded AS (
            INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes)
            SELECT $1, free.next_event, free.rev, {person}, {client}, {grant}, 'add_items', free.list_id, (
                SELECT jsonb_agg(jsonb_build_object(
                    'item', fresh.number, 'after', fresh.created || jsonb_build_object('position', fresh.place)
                ) ORDER BY fresh.number) FROM fresh)
            FROM free
        ), saved AS (
            INSERT INTO items (household_id, list_id, rev, no, position, {_UNPLACED})
            SELECT $1, free.list_id, free.rev, number, place, {_UNPLACED} FROM free, fresh
        )
        SELECT EXISTS (SELECT FROM free), clock.*, target.*, alike.*
        FROM clock LEFT JOIN target ON true LEFT JOIN alike ON true
        ORDER BY alike.position, alike.no
    """  # noqa: S608


_INSERT_ON_NAMED: Final = _insert_statement(NAMED, first=4)
_INSERT_ON_DEFAULT: Final = _insert_statement(DEFAULT, first=3)


async def insert_or_fetch(
    tenant: Tenant, list_name: str | None, name_keys: Collection[str], fresh: Sequence[Item]
) -> AddResult:
    """Store new items with their event on the named or else the default list, if it has room for all of them and no
    item of the folded names; otherwise change nothing. Needs the write lock.

    Either way, return the clock, the list, and its items of these names: all open ones, and the latest checked ones.
    The numbers and positions of `fresh` count from 0, and their `list_id` is ignored.
    """
    keys = sorted(set(name_keys))
    rows = [{**_row_of(item), "created": recorded_values(item)} for item in fresh]
    actor = tenant.actor
    values = (keys, _as_json(rows), len(rows), actor.person_id, actor.client_id, actor.grant_id)
    if list_name is None:
        found = await tenant.driver.fetch(_INSERT_ON_DEFAULT, tenant.household_id, actor.person_id, *values)
    else:
        found = await tenant.driver.fetch(_INSERT_ON_NAMED, tenant.household_id, *list_key(list_name), *values)
    if not found:
        raise LookupError("the household has no clock row")
    first = found[0]
    of_list, of_item = 1 + CLOCK_WIDTH, 1 + CLOCK_WIDTH + LIST_WIDTH
    clock = Clock(*first[1:of_list])
    on = None if first[of_list] is None else list_of(first[of_list:])
    stored: bool = first[0]
    if stored and on is not None:
        tenant.note_change(on.id, clock.rev)
    return AddResult(clock, on, [item_of(row[of_item:]) for row in found if row[of_item] is not None], stored)


_SAVE: Final = f"""
    WITH clock AS (
        UPDATE clocks SET next_item = $3, next_event = $4 + 1 WHERE household_id = $1
    ), stamped AS (
        UPDATE lists SET rev = $2, open_items = open_items + more.open, checked_items = checked_items + more.checked
        FROM unnest($5::uuid[], $6::integer[], $7::integer[]) AS more(list_id, open, checked)
        WHERE lists.household_id = $1 AND lists.id = more.list_id
    ), recorded AS (
        INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes)
        VALUES ($1, $4, $2, $8, $9, $10, $11, $12, $13::text::jsonb)
    )
    INSERT INTO items (household_id, rev, {_COLUMNS})
    SELECT $1, $2, given.* FROM jsonb_to_recordset($14::text::jsonb) AS given({_TYPES})
    ON CONFLICT (household_id, id) DO UPDATE SET rev = excluded.rev, {_OVERWRITTEN}
"""  # noqa: S608


async def save_changes(
    tenant: Tenant, clock: Clock, kind: str, list_id: UUID | None, changes: Collection[Change], recorded: str
) -> int:
    """Store new and changed items and the call's event, and return the event's number.

    `kind` is the tool, `list_id` the one list that the event is about, `recorded` the changes as JSON. Items and their
    lists get the clock's revision. Needs the write lock, and the clock as it was read under the lock.
    """
    if await _trade_places(changes):
        await _park(tenant, [change.after.id for change in changes])
    departed = [
        (change.before.list_id, change.after.no)
        for change in changes
        if change.before is not None and change.before.list_id != change.after.list_id
    ]
    if departed:
        await _record_departures(tenant, clock.rev, departed)
    # Numbers and positions come from one counter, so that appended items stand behind all others, moved ones included.
    last = max([max(change.after.no, change.after.position >> GAP_BITS) for change in changes])
    counts = await _count_by_list(changes)
    rows = await map_in_turns(_stored_row, changes)
    await tenant.driver.execute(
        _SAVE,
        tenant.household_id,
        clock.rev,
        max(clock.next_item, last + 1),
        clock.next_event,
        list(counts),
        [each.open for each in counts.values()],
        [each.checked for each in counts.values()],
        tenant.actor.person_id,
        tenant.actor.client_id,
        tenant.actor.grant_id,
        kind,
        list_id,
        recorded,
        f"[{','.join(rows)}]",
    )
    for touched in counts:
        tenant.note_change(touched, clock.rev)
    return clock.next_event


def _as_json(rows: Sequence[object]) -> str:
    return _ENCODER.encode(rows)


def _stored_row(change: Change) -> str:
    return _ENCODER.encode(_row_of(change.after))


@dataclass(slots=True)
class _Counts:
    """How many more open and checked items a list has; negative when it has fewer."""

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


async def _count_by_list(changes: Collection[Change]) -> dict[UUID, _Counts]:
    lists: dict[UUID, _Counts] = defaultdict(_Counts)

    def count(change: Change) -> None:
        if change.before is not None:
            lists[change.before.list_id].count(change.before, -1)
        lists[change.after.list_id].count(change.after, 1)

    await map_in_turns(count, changes)
    return lists


async def _trade_places(changes: Collection[Change]) -> bool:
    """Whether one change takes the key that another gives up among the open lines of a name.

    Postgres checks uniqueness row by row, in an order that can't be chosen.
    """
    given_up: dict[_LineKey, UUID] = {}

    def give_up(change: Change) -> None:
        if change.before is not None:
            given_up[_line_key(change.before)] = change.after.id

    def takes(change: Change) -> bool:
        return given_up.get(_line_key(change.after), change.after.id) != change.after.id

    await map_in_turns(give_up, changes)
    return any(await map_in_turns(takes, changes))


_LineKey = tuple[UUID, str, str, int] | UUID


def _line_key(item: Item) -> _LineKey:
    """Return what must be unique among open lines; for other items, the id."""
    return (item.list_id, item.name_key, item.measure, item.variant) if item.is_open else item.id


async def _park(tenant: Tenant, item_ids: list[UUID]) -> None:
    """Give items variants that no line has, until they are stored with their new ones."""
    await tenant.driver.execute(
        "UPDATE items SET variant = -1 - variant WHERE household_id = $1 AND id = ANY($2)",
        tenant.household_id,
        item_ids,
    )


async def _record_departures(tenant: Tenant, rev: int, departed: list[tuple[UUID, int]]) -> None:
    await tenant.driver.execute(
        """
        INSERT INTO departures (household_id, list_id, item_no, rev)
        SELECT $1, list_id, item_no, $4 FROM unnest($2::uuid[], $3::integer[]) AS gone(list_id, item_no)
        ON CONFLICT (household_id, list_id, item_no) DO UPDATE SET rev = excluded.rev
        """,
        tenant.household_id,
        [list_id for list_id, _ in departed],
        [item_no for _, item_no in departed],
        rev,
    )
