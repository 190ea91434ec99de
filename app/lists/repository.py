"""Lists and items in the database: reading them, and writing one call's changes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy import insert, update

from app.db import Connection, new_id
from app.households.tables import clocks
from app.households.tenant import Tenant
from app.lists.model import LINES_PER_NAME, Item, ShoppingList
from app.lists.quantities import Quantity
from app.lists.tables import lists
from app.text import fold


@dataclass(frozen=True, slots=True)
class Clock:
    """The household's clock, read under the write lock: this change's revision and the next numbers."""

    rev: int
    next_item: int


@dataclass(frozen=True, slots=True)
class ListSummary:
    """A list with how much is on it."""

    list: ShoppingList
    open: int
    checked: int
    archived: bool


async def insert_first_list(connection: Connection, household_id: UUID, name: str) -> None:
    """The list that a new household starts with; nobody else can write to it yet."""
    await connection.execute(
        insert(lists).values(household_id=household_id, id=new_id(), no=1, name=name, name_key=fold(name), rev=0)
    )
    await connection.execute(update(clocks).where(clocks.c.household_id == household_id).values(next_list=2))


async def find_list(tenant: Tenant, no: int | None, name_key: str) -> ShoppingList | None:
    """The list with that number, else the one with that folded name."""
    row = await tenant.driver.fetchrow(
        """
        SELECT id, no, name, rev FROM lists
        WHERE household_id = $1 AND deleted_at IS NULL AND (no = $2 OR name_key = $3)
        ORDER BY (no = $2) IS TRUE DESC LIMIT 1
        """,
        tenant.household_id,
        no,
        name_key,
    )
    return None if row is None else ShoppingList(*row)


async def find_default_list(tenant: Tenant) -> ShoppingList | None:
    """The list the person chose, else the household's oldest that is not archived."""
    row = await tenant.driver.fetchrow(
        """
        SELECT id, no, name, rev FROM lists
        WHERE household_id = $1 AND deleted_at IS NULL
        ORDER BY (id = $2) IS TRUE DESC, archived_at IS NOT NULL, no LIMIT 1
        """,
        tenant.household_id,
        tenant.membership.default_list_id,
    )
    return None if row is None else ShoppingList(*row)


async def summaries(tenant: Tenant) -> list[ListSummary]:
    """Every list of the household with its counts, oldest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT l.id, l.no, l.name, l.rev, l.archived_at IS NOT NULL AS archived,
               count(i.id) FILTER (WHERE i.checked_at IS NULL) AS open,
               count(i.id) FILTER (WHERE i.checked_at IS NOT NULL) AS checked
        FROM lists l
        LEFT JOIN items i ON i.household_id = l.household_id AND i.list_id = l.id AND i.deleted_at IS NULL
        WHERE l.household_id = $1 AND l.deleted_at IS NULL
        GROUP BY l.household_id, l.id ORDER BY l.no
        """,
        tenant.household_id,
    )
    return [
        ListSummary(
            ShoppingList(row["id"], row["no"], row["name"], row["rev"]), row["open"], row["checked"], row["archived"]
        )
        for row in rows
    ]


async def read_clock(tenant: Tenant) -> Clock:
    """The clock of a write: its `rev` is already this change's."""
    row = await tenant.driver.fetchrow("SELECT rev, next_item FROM clocks WHERE household_id = $1", tenant.household_id)
    if row is None:
        raise LookupError("the household has no clock row")
    return Clock(*row)


async def count_items(tenant: Tenant, list_id: UUID) -> int:
    """How many items the list holds, checked ones included."""
    count: int = await tenant.driver.fetchval(
        "SELECT count(*) FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL",
        tenant.household_id,
        list_id,
    )
    return count


_ITEM_COLUMNS: Final = """id, no, name, name_key, position, measure, amount, unit, note, variant, category, store,
    assignee_id, priority, price, not_before, repeat_days, checked_at, checked_by"""


MOST_ALIKE: Final = 2 * LINES_PER_NAME

_ITEMS_NAMED: Final = f"""
    SELECT alike.* FROM unnest($3::text[]) AS wanted(name_key) CROSS JOIN LATERAL (
        SELECT {_ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id = $2 AND name_key = wanted.name_key AND deleted_at IS NULL
        ORDER BY checked_at DESC NULLS FIRST LIMIT {MOST_ALIKE}
    ) AS alike ORDER BY position, no
"""  # noqa: S608


async def items_named(tenant: Tenant, list_id: UUID, name_keys: Iterable[str]) -> list[Item]:
    """The items of a list that have one of the folded names, in the list's order: every open one, and the checked ones
    of late."""
    rows = await tenant.driver.fetch(_ITEMS_NAMED, tenant.household_id, list_id, sorted(set(name_keys)))
    return [item_of(row) for row in rows]


_SAVE_ITEMS: Final = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset($3::text::jsonb) AS given(
            id uuid, no integer, name text, name_key text, position bigint, measure text, amount numeric, unit text,
            note text, variant smallint, category text, store text, assignee_id uuid, priority text, price numeric,
            not_before date, repeat_days integer, checked_at timestamptz, checked_by uuid)
    ), clock AS (
        UPDATE clocks SET next_item = greatest(next_item, (SELECT max(no) FROM given) + 1) WHERE household_id = $1
    ), stamped AS (
        UPDATE lists SET rev = $4 WHERE household_id = $1 AND id = $2
    )
    INSERT INTO items (household_id, list_id, rev, id, no, name, name_key, position, measure, amount, unit, note,
        variant, category, store, assignee_id, priority, price, not_before, repeat_days, checked_at, checked_by)
    SELECT $1, $2, $4, given.* FROM given
    ON CONFLICT (household_id, id) DO UPDATE SET
        rev = excluded.rev, name = excluded.name, name_key = excluded.name_key, position = excluded.position,
        measure = excluded.measure, amount = excluded.amount, unit = excluded.unit, note = excluded.note,
        variant = excluded.variant, category = excluded.category, store = excluded.store,
        assignee_id = excluded.assignee_id, priority = excluded.priority, price = excluded.price,
        not_before = excluded.not_before, repeat_days = excluded.repeat_days,
        checked_at = excluded.checked_at, checked_by = excluded.checked_by
"""


async def save_items(tenant: Tenant, list_id: UUID, rev: int, items: Iterable[Item]) -> None:
    """Store new and changed items of one list, and stamp them and the list with `rev`."""
    rows = json.dumps([_row_of(item) for item in items], ensure_ascii=False)
    await tenant.driver.execute(_SAVE_ITEMS, tenant.household_id, list_id, rows, rev)
    tenant.note_change(list_id, rev)


def item_of(row: asyncpg.Record) -> Item:
    """An item from a row with the columns of `_ITEM_COLUMNS`."""
    values = dict(row)
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    quantity = None if amount is None else Quantity(measure, amount, unit)
    return Item(quantity=quantity, **values)


def _row_of(item: Item) -> dict[str, object]:
    quantity = item.quantity
    row = {
        "id": str(item.id),
        "no": item.no,
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
    }
    return {name: value for name, value in row.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
