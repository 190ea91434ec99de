"""Adding in one statement: it stores the new items where none of their names is there yet, and says what is there."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from app.households.tenant import Tenant
from app.lists.history.changes import created
from app.lists.items.save_repository import row_of
from app.lists.models import GAP_BITS, ITEMS_PER_LIST, LINES_PER_NAME, Item, ShoppingList
from app.lists.repository import (
    CLOCK_COLUMNS,
    CLOCK_WIDTH,
    DEFAULT,
    ITEM_COLUMNS,
    LIST_COLUMNS,
    LIST_WIDTH,
    NAMED,
    Clock,
    item_of,
    list_of,
)
from app.lists.resolve_list import list_key

MOST_ALIKE: Final = 2 * LINES_PER_NAME


@dataclass(frozen=True, slots=True)
class AddResult:
    """Where an add takes place: `on` is None when there is no such list; `alike` are in the list's order.

    With `stored` the new items are there, numbered from the clock's `next_item`.
    """

    clock: Clock
    on: ShoppingList | None
    alike: list[Item]
    stored: bool


def _statement(which: str, first: int) -> str:
    keys, rows, count, person, client, grant = (f"${number}" for number in range(first, first + 6))
    return f"""
        WITH clock AS (
            SELECT {CLOCK_COLUMNS} FROM clocks WHERE household_id = $1
        ), target AS (
            SELECT {LIST_COLUMNS} FROM lists WHERE {which}
        ), alike AS (
            SELECT alike.* FROM target, unnest({keys}::text[]) AS wanted(name_key), LATERAL (
                SELECT {ITEM_COLUMNS} FROM items
                WHERE items.household_id = $1 AND items.list_id = target.id AND items.name_key = wanted.name_key
                  AND items.deleted_at IS NULL
                ORDER BY items.checked_at DESC NULLS FIRST LIMIT {MOST_ALIKE}
            ) AS alike
        ), free AS (
            SELECT target.id AS list_id, clock.rev, clock.next_item, clock.next_event FROM clock, target
            WHERE {count} > 0 AND target.open_items + target.checked_items + {count} <= {ITEMS_PER_LIST}
              AND NOT EXISTS (SELECT FROM alike)
        ), fresh AS (
            SELECT free.next_item + given.no AS no, (free.next_item::bigint << {GAP_BITS}) + given.position AS position,
                given.id, given.name, given.name_key, given.measure, given.amount, given.unit, given.note,
                given.variant, given.category, given.store, given.assignee_id, given.priority, given.price,
                given.repeat_days, given.created
            FROM free, jsonb_to_recordset({rows}::text::jsonb) AS given(
                no integer, position bigint, id uuid, name text, name_key text, measure text, amount numeric,
                unit text, note text, variant smallint, category text, store text, assignee_id uuid, priority text,
                price numeric, repeat_days integer, created jsonb)
        ), counted AS (
            UPDATE clocks SET next_item = clocks.next_item + {count}, next_event = clocks.next_event + 1
            FROM free WHERE clocks.household_id = $1
        ), stamped AS (
            UPDATE lists SET rev = free.rev, open_items = open_items + {count}
            FROM free WHERE lists.household_id = $1 AND lists.id = free.list_id
        ), told AS (
            INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes)
            SELECT $1, free.next_event, free.rev, {person}, {client}, {grant}, 'add_items', free.list_id, (
                SELECT jsonb_agg(jsonb_build_object(
                    'item', fresh.no, 'after', fresh.created || jsonb_build_object('position', fresh.position)
                ) ORDER BY fresh.no) FROM fresh)
            FROM free
        ), saved AS (
            INSERT INTO items (household_id, list_id, rev, no, position, id, name, name_key, measure, amount, unit,
                note, variant, category, store, assignee_id, priority, price, repeat_days)
            SELECT $1, free.list_id, free.rev, no, position, id, name, name_key, measure, amount, unit,
                note, variant, category, store, assignee_id, priority, price, repeat_days
            FROM free, fresh
        )
        SELECT EXISTS (SELECT FROM free), clock.*, target.*, alike.*
        FROM clock LEFT JOIN target ON true LEFT JOIN alike ON true
        ORDER BY alike.position, alike.no
    """  # noqa: S608


_ON_NAMED: Final = _statement(NAMED, first=4)
_ON_DEFAULT: Final = _statement(DEFAULT, first=3)


async def insert_or_fetch(
    tenant: Tenant, list_name: str | None, name_keys: Collection[str], fresh: Sequence[Item]
) -> AddResult:
    """Store new items on the named or else the default list with the event that tells of them, if the list has none of
    the folded names yet and room for all; otherwise change nothing. In either case answer the clock, the list, and its
    items that have one of the names: every open one, and the checked ones of late.

    `fresh` count their numbers and positions from 0, wait for no day, and have any `list_id`. Needs the write lock.
    """
    keys = sorted(set(name_keys))
    rows = [{**row_of(item), "created": created(item)} for item in fresh]
    actor = tenant.actor
    values = (
        *(keys, json.dumps(rows, ensure_ascii=False, default=str), len(rows)),
        *(actor.person_id, actor.client_id, actor.grant_id),
    )
    if list_name is None:
        found = await tenant.driver.fetch(_ON_DEFAULT, tenant.household_id, actor.person_id, *values)
    else:
        found = await tenant.driver.fetch(_ON_NAMED, tenant.household_id, *list_key(list_name), *values)
    if not found:
        raise LookupError("the household has no clock row")
    first = found[0]
    of_list, of_item = 1 + CLOCK_WIDTH, 1 + CLOCK_WIDTH + LIST_WIDTH
    clock = Clock(*first[1:of_list])
    ground = AddResult(
        clock,
        None if first[of_list] is None else list_of(first[of_list:]),
        [item_of(row[of_item:]) for row in found if row[of_item] is not None],
        stored=first[0],
    )
    if ground.stored and ground.on is not None:
        tenant.note_change(ground.on.id, clock.rev)
    return ground
