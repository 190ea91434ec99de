"""Lists and items in the database: finding and reading them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
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
    """The household's clock, read under the write lock: this change's revision, the next numbers, and the time.

    What left its place up to `forgotten_rev` is no longer on record.
    """

    rev: int
    next_item: int
    next_list: int
    next_event: int
    forgotten_rev: int
    now: datetime


@dataclass(frozen=True, slots=True)
class ListSummary:
    """A list with how much is on it; `waiting` are open items whose day is yet to come."""

    list: ShoppingList
    open: int
    checked: int
    waiting: int


async def insert_first_list(connection: Connection, household_id: UUID, name: str) -> None:
    """The list that a new household starts with; nobody else can write to it yet."""
    await connection.execute(
        insert(lists).values(household_id=household_id, id=new_id(), no=1, name=name, name_key=fold(name), rev=0)
    )
    await connection.execute(update(clocks).where(clocks.c.household_id == household_id).values(next_list=2))


_LIST_COLUMNS: Final = "id, no, name, rev, store, currency, category_order, archived_at, deleted_at"


async def find_list(tenant: Tenant, no: int | None, name_key: str) -> ShoppingList | None:
    """The list with that number, else the one with that folded name."""
    row = await tenant.driver.fetchrow(
        f"""
        SELECT {_LIST_COLUMNS} FROM lists
        WHERE household_id = $1 AND deleted_at IS NULL AND (no = $2 OR name_key = $3)
        ORDER BY (no = $2) IS TRUE DESC LIMIT 1
        """,  # noqa: S608
        tenant.household_id,
        no,
        name_key,
    )
    return None if row is None else _list_of(row)


async def find_default_list(tenant: Tenant) -> ShoppingList | None:
    """The list the person chose, else the household's oldest that is not archived."""
    row = await tenant.driver.fetchrow(
        f"""
        SELECT {_LIST_COLUMNS} FROM lists
        WHERE household_id = $1 AND deleted_at IS NULL
        ORDER BY (id = $2) IS TRUE DESC, archived_at IS NOT NULL, no LIMIT 1
        """,  # noqa: S608
        tenant.household_id,
        tenant.membership.default_list_id,
    )
    return None if row is None else _list_of(row)


async def lists_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, ShoppingList]:
    """The lists with these ids, deleted ones too."""
    rows = await tenant.driver.fetch(
        f"SELECT {_LIST_COLUMNS} FROM lists WHERE household_id = $1 AND id = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(ids),
    )
    return {row["id"]: _list_of(row) for row in rows}


async def lists_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, ShoppingList]:
    """The lists with these numbers, deleted ones too."""
    rows = await tenant.driver.fetch(
        f"SELECT {_LIST_COLUMNS} FROM lists WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {row["no"]: _list_of(row) for row in rows}


async def summaries(tenant: Tenant) -> list[ListSummary]:
    """Every list of the household with its counts, oldest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT l.id, l.no, l.name, l.rev, l.store, l.currency, l.category_order, l.archived_at, l.deleted_at,
               count(i.id) FILTER (WHERE i.checked_at IS NULL AND waits IS NOT TRUE) AS open,
               count(i.id) FILTER (WHERE i.checked_at IS NOT NULL) AS checked,
               count(i.id) FILTER (WHERE i.checked_at IS NULL AND waits) AS waiting
        FROM lists l
        LEFT JOIN items i ON i.household_id = l.household_id AND i.list_id = l.id AND i.deleted_at IS NULL
        CROSS JOIN LATERAL (SELECT i.not_before > (now() AT TIME ZONE 'UTC')::date AS waits) AS due
        WHERE l.household_id = $1 AND l.deleted_at IS NULL
        GROUP BY l.household_id, l.id ORDER BY l.no
        """,
        tenant.household_id,
    )
    return [ListSummary(_list_of(row), row["open"], row["checked"], row["waiting"]) for row in rows]


async def read_clock(tenant: Tenant) -> Clock:
    """The clock of a write: its `rev` is already this change's."""
    row = await tenant.driver.fetchrow(
        "SELECT rev, next_item, next_list, next_event, forgotten_rev, now() AS now FROM clocks WHERE household_id = $1",
        tenant.household_id,
    )
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


ITEM_COLUMNS: Final = """id, no, list_id, name, name_key, position, measure, amount, unit, note, variant, category,
    store, assignee_id, priority, price, not_before, repeat_days, checked_at, checked_by, deleted_at, rev"""


MOST_ALIKE: Final = 2 * LINES_PER_NAME

_ITEMS_NAMED: Final = f"""
    SELECT alike.* FROM unnest($3::text[]) AS wanted(name_key) CROSS JOIN LATERAL (
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id = $2 AND name_key = wanted.name_key AND deleted_at IS NULL
        ORDER BY checked_at DESC NULLS FIRST LIMIT {MOST_ALIKE}
    ) AS alike ORDER BY position, no
"""  # noqa: S608


async def items_named(tenant: Tenant, list_id: UUID, name_keys: Iterable[str]) -> list[Item]:
    """The items of a list that have one of the folded names, in the list's order: every open one, and the checked ones
    of late."""
    rows = await tenant.driver.fetch(_ITEMS_NAMED, tenant.household_id, list_id, sorted(set(name_keys)))
    return [item_of(row) for row in rows]


def item_of(row: asyncpg.Record) -> Item:
    """An item from a row with the columns of `ITEM_COLUMNS`."""
    values = dict(row)
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    quantity = None if amount is None else Quantity(measure, amount, unit)
    return Item(quantity=quantity, **values)


def _list_of(row: asyncpg.Record) -> ShoppingList:
    return ShoppingList(
        row["id"],
        row["no"],
        row["name"],
        row["rev"],
        row["store"],
        row["currency"],
        tuple(row["category_order"]),
        row["archived_at"],
        row["deleted_at"],
    )
