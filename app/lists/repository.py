"""Lists in the database: the household's clock, finding lists, and storing them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import func, insert, select, update

from app.db import Connection, new_id
from app.households.guest_repository import delete_links_to
from app.households.tables import clocks, memberships
from app.households.tenant import Tenant, deleted
from app.lists.models import ShoppingList
from app.lists.tables import items, lists
from app.records import record
from app.text import fold

Row = asyncpg.Record | tuple[Any, ...]

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
)
LIST_COLUMNS: Final = ", ".join(_LIST_COLUMNS)
"""The columns of a `ShoppingList`, but for its waiting items, which only what shows a list needs to count."""

LIST_WIDTH: Final = len(_LIST_COLUMNS)

COUNTED_WIDTH: Final = LIST_WIDTH + 1


def counted_columns(today: str) -> str:
    """Return the columns of a `ShoppingList`, in a statement whose first parameter is the household, and that has the
    day that it is there as the parameter `today`."""
    return f"""{LIST_COLUMNS}, (
        SELECT count(*) FROM items WHERE items.household_id = $1 AND items.list_id = lists.id
          AND items.not_before > {today}::date AND items.checked_at IS NULL AND items.deleted_at IS NULL
    ) AS waiting_items"""  # noqa: S608


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
"""The list that a person ($2) chose, else the household's oldest; lists in use come before archived ones."""


@record()
class Clock:
    """The household's clock, read under the write lock: this change's revision, the next numbers, and the time.

    Events up to `forgotten_rev` have been deleted.
    """

    rev: int
    next_item: int
    next_list: int
    next_event: int
    forgotten_rev: int
    now: datetime


async def read_clock(tenant: Tenant) -> Clock:
    """Return the household's clock. In a write its `rev` is already the one of this change."""
    row = await tenant.driver.fetchrow(
        f"SELECT {CLOCK_COLUMNS} FROM clocks WHERE household_id = $1",  # noqa: S608
        tenant.household_id,
    )
    if row is None:
        raise deleted()
    return Clock(*row)


def list_of(row: Row, width: int = LIST_WIDTH) -> ShoppingList:
    """Return a list from a row that begins with the columns of `LIST_COLUMNS`; its waiting items aren't counted."""
    values: Any = (*row[:6], tuple(row[6]), *row[7:width])
    return ShoppingList(*values)


def counted_list_of(row: Row) -> ShoppingList:
    """Return a list from a row that begins with `counted_columns`."""
    return list_of(row, COUNTED_WIDTH)


async def find_list(tenant: Tenant, no: int | None, name_key: str) -> ShoppingList | None:
    """Return the list with that number, else the one with that folded name."""
    query = f"SELECT {counted_columns('$4')} FROM lists WHERE {NAMED}"  # noqa: S608
    row = await tenant.driver.fetchrow(query, tenant.household_id, no, name_key, tenant.today)
    return None if row is None else counted_list_of(row)


async def find_default_list(tenant: Tenant) -> ShoppingList | None:
    """Return the list that the person chose, else the household's oldest that is not archived."""
    query = f"SELECT {counted_columns('$3')} FROM lists WHERE {DEFAULT}"  # noqa: S608
    row = await tenant.driver.fetchrow(query, tenant.household_id, tenant.actor.person_id, tenant.today)
    return None if row is None else counted_list_of(row)


async def lists_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, ShoppingList]:
    """Return the lists with these ids, deleted ones included; their waiting items aren't counted."""
    rows = await tenant.driver.fetch(
        f"SELECT {LIST_COLUMNS} FROM lists WHERE household_id = $1 AND id = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(ids),
    )
    return {row["id"]: list_of(row) for row in rows}


async def lists_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, ShoppingList]:
    """Return the lists with these numbers, deleted ones included; their waiting items aren't counted."""
    rows = await tenant.driver.fetch(
        f"SELECT {LIST_COLUMNS} FROM lists WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {row["no"]: list_of(row) for row in rows}


async def all_lists(tenant: Tenant) -> list[ShoppingList]:
    """Return every list of the household, oldest first."""
    rows = await tenant.driver.fetch(
        f"SELECT {counted_columns('$2')} FROM lists WHERE household_id = $1 AND deleted_at IS NULL ORDER BY no",  # noqa: S608
        tenant.household_id,
        tenant.today,
    )
    return [counted_list_of(row) for row in rows]


async def count_lists(tenant: Tenant) -> int:
    """Return how many lists the household has, archived ones included."""
    query = select(func.count()).where(lists.c.household_id == tenant.household_id, lists.c.deleted_at.is_(None))
    return (await tenant.connection.execute(query)).scalar_one()


async def insert_first_list(connection: Connection, household_id: UUID, name: str) -> None:
    """Store the list that a new household starts with; it needs no lock, since nothing else can write to it yet."""
    await connection.execute(
        insert(lists).values(household_id=household_id, id=new_id(), no=1, name=name, name_key=fold(name), rev=0)
    )
    await connection.execute(update(clocks).where(clocks.c.household_id == household_id).values(next_list=2))


async def save_list(tenant: Tenant, rev: int, saved: ShoppingList) -> None:
    """Store a new or changed list, and stamp it with `rev`. Needs the write lock.

    What deletes a list ends the links of its guests: they don't come back if the list does.
    """
    values = {
        "name": saved.name,
        "name_key": fold(saved.name),
        "store": saved.store,
        "currency": saved.currency,
        "category_order": list(saved.category_order),
        "archived_at": saved.archived_at,
        "deleted_at": saved.deleted_at,
        "rev": rev,
    }
    changed = await tenant.connection.execute(
        update(lists).where(lists.c.household_id == tenant.household_id, lists.c.id == saved.id).values(**values)
    )
    if changed.rowcount == 0:
        new = {"household_id": tenant.household_id, "id": saved.id, "no": saved.no}
        await tenant.connection.execute(insert(lists).values(**new, **values))
        next_no = func.greatest(clocks.c.next_list, saved.no + 1)
        await tenant.connection.execute(
            update(clocks).where(clocks.c.household_id == tenant.household_id).values(next_list=next_no)
        )
    if saved.deleted_at is not None and await delete_links_to(tenant.connection, tenant.household_id, saved.id):
        tenant.note_members()
    tenant.note_change(saved.id, rev, itself=True)


async def stamp_items(tenant: Tenant, rev: int, list_id: UUID) -> None:
    """Give every item on a list a new revision: they were deleted or restored together with the list."""
    await tenant.connection.execute(
        update(items)
        .where(items.c.household_id == tenant.household_id, items.c.list_id == list_id, items.c.deleted_at.is_(None))
        .values(rev=rev)
    )


async def default_list_of(tenant: Tenant, person_id: UUID) -> UUID | None:
    """Return the list that a member chose as default."""
    query = select(memberships.c.default_list_id).where(
        memberships.c.household_id == tenant.household_id, memberships.c.person_id == person_id
    )
    return (await tenant.connection.execute(query)).scalar_one_or_none()


async def set_default_list(tenant: Tenant, person_id: UUID, list_id: UUID | None) -> None:
    """Store a member's default list; None goes back to the household's oldest."""
    await tenant.connection.execute(
        update(memberships)
        .where(memberships.c.household_id == tenant.household_id, memberships.c.person_id == person_id)
        .values(default_list_id=list_id)
    )
