"""Items in the database: finding them. `save_repository.py` stores them."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.items.fields import FIELDS, Item
from app.lists.items.ordering import Spot
from app.lists.models import ITEMS_PER_LIST
from app.lists.repository import Row
from app.quantities import Quantity
from app.runtime.turns import map_in_turns

COLUMNS: Final = {column: kind for each in FIELDS for column, kind in each.columns.items()}
"""The columns of an `Item` and their SQL types."""

ITEM_COLUMNS: Final = ", ".join(f"items.{column}" for column in COLUMNS)


def item_of(row: Row) -> Item:
    """Return an item from a row that begins with the columns of `ITEM_COLUMNS`."""
    values: dict[str, Any] = dict(zip(COLUMNS, row, strict=False))
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    return Item(**values, quantity=None if amount is None else Quantity(measure, amount, unit))


async def find_items(
    tenant: Tenant, numbers: Collection[int], list_id: UUID | None, name_keys: Collection[str]
) -> list[Item]:
    """Return the items with these numbers, on any list, and those of one list that have one of the folded names.

    Removed items, and items on a deleted list, are left out.
    """
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND deleted_at IS NULL AND (no = ANY($2) OR (list_id = $3 AND name_key = ANY($4)))
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL)
        ORDER BY position, no
        """,  # noqa: S608
        tenant.household_id,
        list(numbers),
        list_id,
        list(name_keys),
    )
    return await map_in_turns(item_of, rows)


async def items_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, Item]:
    """Return the items with these numbers, removed ones included."""
    rows = await tenant.driver.fetch(
        f"SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {item.no: item for item in await map_in_turns(item_of, rows)}


async def order_of(tenant: Tenant, list_id: UUID) -> list[Spot]:
    """Return where each item of a list stands, in its order."""
    rows = await tenant.driver.fetch(
        """
        SELECT no, position FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY position, no
        """,
        tenant.household_id,
        list_id,
    )
    return [Spot(row["no"], row["position"]) for row in rows]


async def items_on(tenant: Tenant, list_id: UUID, most: int) -> list[Item]:
    """Return items of a list, open ones first."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY checked_at IS NOT NULL, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        most,
    )
    return await map_in_turns(item_of, rows)


async def items_elsewhere(tenant: Tenant, list_id: UUID, name_keys: Collection[str], most: int) -> list[Item]:
    """Return items of other lists in use that have one of the folded names, open ones first."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id <> $2 AND name_key = ANY($3) AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        ORDER BY checked_at IS NOT NULL, no LIMIT $4
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        list(name_keys),
        most,
    )
    return await map_in_turns(item_of, rows)


async def open_namesakes(tenant: Tenant, items: Iterable[Item]) -> list[Item]:
    """Return every open line that shares list and name with one of the items."""
    keys = list({(item.list_id, item.name_key) for item in items})
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND checked_at IS NULL AND deleted_at IS NULL
          AND (list_id, name_key) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
        """,  # noqa: S608
        tenant.household_id,
        [list_id for list_id, _ in keys],
        [name_key for _, name_key in keys],
    )
    return await map_in_turns(item_of, rows)


async def checked_items(tenant: Tenant, list_id: UUID) -> list[Item]:
    """Return the checked items that are still on a list, in its order."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id = $2 AND checked_at IS NOT NULL AND deleted_at IS NULL
        ORDER BY position, no
        """,  # noqa: S608
        tenant.household_id,
        list_id,
    )
    return await map_in_turns(item_of, rows)


async def items_to_repeat(tenant: Tenant, today: date, most: int = ITEMS_PER_LIST) -> list[Item]:
    """Return the items on lists in use that were bought as many days ago as they repeat after.

    Where someone undid the return of an item, the days count from that day: otherwise it would be back at once.
    """
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND repeat_days IS NOT NULL AND checked_at IS NOT NULL AND deleted_at IS NULL
          AND (checked_at AT TIME ZONE 'UTC')::date + repeat_days <= $2
          AND NOT EXISTS (
              SELECT FROM events e
              WHERE e.household_id = $1 AND e.kind = 'repeat_items' AND e.undone_by IS NOT NULL
                AND (e.at AT TIME ZONE 'UTC')::date + repeat_days > $2
                AND e.changes @> jsonb_build_array(jsonb_build_object('item', items.no)))
          AND list_id IN (
              SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        today,
        most,
    )
    return await map_in_turns(item_of, rows)


async def items_to_wake(tenant: Tenant, today: date, most: int = ITEMS_PER_LIST) -> list[Item]:
    """Return the open items that waited for a day until `today`."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND not_before <= $2 AND checked_at IS NULL AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        today,
        most,
    )
    return await map_in_turns(item_of, rows)
