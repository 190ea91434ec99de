"""Lists and items in the database: finding and reading them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import insert, update

from app.db import Connection, new_id
from app.households.tables import clocks
from app.households.tenant import Tenant
from app.lists.models import Item, ShoppingList
from app.lists.tables import lists
from app.quantities import Quantity
from app.text import fold

Row = asyncpg.Record | tuple[Any, ...]

TODAY: Final = "(now() AT TIME ZONE 'UTC')::date"


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


async def insert_first_list(connection: Connection, household_id: UUID, name: str) -> None:
    """The list that a new household starts with; nobody else can write to it yet."""
    await connection.execute(
        insert(lists).values(household_id=household_id, id=new_id(), no=1, name=name, name_key=fold(name), rev=0)
    )
    await connection.execute(update(clocks).where(clocks.c.household_id == household_id).values(next_list=2))


_WAITING: Final = f"""(
    SELECT count(*) FROM items WHERE items.household_id = $1 AND items.list_id = lists.id
    AND items.not_before > {TODAY} AND items.checked_at IS NULL AND items.deleted_at IS NULL)"""  # noqa: S608

_LIST_COLUMNS: Final = (
    "lists.id",
    "lists.no",
    "lists.name",
    "lists.rev",
    "lists.store",
    "lists.currency",
    "lists.category_order",
    "lists.archived_at",
    "lists.deleted_at",
    "lists.open_items",
    "lists.checked_items",
    f"{_WAITING} AS waiting_items",
)
LIST_COLUMNS: Final = ", ".join(_LIST_COLUMNS)
"""What makes a list, in a statement whose first parameter is the household."""

LIST_WIDTH: Final = len(_LIST_COLUMNS)

NAMED: Final = """
    lists.household_id = $1 AND lists.deleted_at IS NULL AND (lists.no = $2 OR lists.name_key = $3)
    ORDER BY (lists.no = $2) IS TRUE DESC LIMIT 1
"""
"""The list with a number ($2), else the one with a folded name ($3)."""

DEFAULT: Final = """
    lists.household_id = $1 AND lists.deleted_at IS NULL
    ORDER BY lists.archived_at IS NOT NULL, lists.id IS NOT DISTINCT FROM (
        SELECT default_list_id FROM memberships WHERE household_id = $1 AND person_id = $2
    ) DESC, lists.no LIMIT 1
"""
"""The list that a person ($2) chose, else the household's oldest; one in use before any that is archived."""


async def find_list(tenant: Tenant, no: int | None, name_key: str) -> ShoppingList | None:
    """The list with that number, else the one with that folded name."""
    query = f"SELECT {LIST_COLUMNS} FROM lists WHERE {NAMED}"  # noqa: S608
    row = await tenant.driver.fetchrow(query, tenant.household_id, no, name_key)
    return None if row is None else list_of(row)


async def find_default_list(tenant: Tenant) -> ShoppingList | None:
    """The list the person chose, else the household's oldest that is not archived."""
    query = f"SELECT {LIST_COLUMNS} FROM lists WHERE {DEFAULT}"  # noqa: S608
    row = await tenant.driver.fetchrow(query, tenant.household_id, tenant.actor.person_id)
    return None if row is None else list_of(row)


async def lists_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, ShoppingList]:
    """The lists with these ids, deleted ones too."""
    rows = await tenant.driver.fetch(
        f"SELECT {LIST_COLUMNS} FROM lists WHERE household_id = $1 AND id = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(ids),
    )
    return {row["id"]: list_of(row) for row in rows}


async def lists_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, ShoppingList]:
    """The lists with these numbers, deleted ones too."""
    rows = await tenant.driver.fetch(
        f"SELECT {LIST_COLUMNS} FROM lists WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {row["no"]: list_of(row) for row in rows}


async def all_lists(tenant: Tenant) -> list[ShoppingList]:
    """Every list of the household, oldest first."""
    rows = await tenant.driver.fetch(
        f"SELECT {LIST_COLUMNS} FROM lists WHERE household_id = $1 AND deleted_at IS NULL ORDER BY no",  # noqa: S608
        tenant.household_id,
    )
    return [list_of(row) for row in rows]


_CLOCK_COLUMNS: Final = (
    "clocks.rev",
    "clocks.next_item",
    "clocks.next_list",
    "clocks.next_event",
    "clocks.forgotten_rev",
    "now()",
)
CLOCK_COLUMNS: Final = ", ".join(_CLOCK_COLUMNS)
CLOCK_WIDTH: Final = len(_CLOCK_COLUMNS)


async def read_clock(tenant: Tenant) -> Clock:
    """The clock of a write: its `rev` is already this change's."""
    row = await tenant.driver.fetchrow(
        f"SELECT {CLOCK_COLUMNS} FROM clocks WHERE household_id = $1",  # noqa: S608
        tenant.household_id,
    )
    if row is None:
        raise LookupError("the household has no clock row")
    return Clock(*row)


_ITEM_COLUMNS: Final = (
    "items.id",
    "items.no",
    "items.list_id",
    "items.name",
    "items.name_key",
    "items.position",
    "items.measure",
    "items.amount",
    "items.unit",
    "items.note",
    "items.variant",
    "items.category",
    "items.store",
    "items.assignee_id",
    "items.priority",
    "items.price",
    "items.not_before",
    "items.repeat_days",
    "items.checked_at",
    "items.checked_by",
    "items.deleted_at",
    "items.rev",
)
ITEM_COLUMNS: Final = ", ".join(_ITEM_COLUMNS)
ITEM_WIDTH: Final = len(_ITEM_COLUMNS)


def item_of(row: Row) -> Item:
    """An item from a row that begins with the columns of `ITEM_COLUMNS`."""
    measure, amount, unit = row[6:9]
    quantity = None if amount is None else Quantity(measure, amount, unit)
    values: Any = (*row[:6], quantity, *row[9:ITEM_WIDTH])
    return Item(*values)


def list_of(row: Row) -> ShoppingList:
    """A list from a row that begins with the columns of `LIST_COLUMNS`."""
    values: Any = (*row[:6], tuple(row[6]), *row[7:LIST_WIDTH])
    return ShoppingList(*values)
