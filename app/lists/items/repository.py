"""Finding items by what people call them, and what stands beside them."""

from collections.abc import Collection, Iterable
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.items.ordering import Spot
from app.lists.models import Item
from app.lists.repository import ITEM_COLUMNS, item_of


async def find_items(
    tenant: Tenant, numbers: Collection[int], list_id: UUID | None, name_keys: Collection[str]
) -> list[Item]:
    """The items with these numbers, on any list, and those of one list that have one of the folded names.

    What was removed, and what is on a deleted list, is not found.
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
    return [item_of(row) for row in rows]


async def items_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, Item]:
    """The items with these numbers, removed ones too."""
    rows = await tenant.driver.fetch(
        f"SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {row["no"]: item_of(row) for row in rows}


async def order_of(tenant: Tenant, list_id: UUID) -> list[Spot]:
    """Where each item of a list stands, in its order."""
    rows = await tenant.driver.fetch(
        """
        SELECT no, position FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY position, no
        """,
        tenant.household_id,
        list_id,
    )
    return [Spot(row["no"], row["position"]) for row in rows]


async def names_on(tenant: Tenant, list_id: UUID, most: int) -> list[Item]:
    """Items of a list, what is to be bought before what was."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY checked_at IS NOT NULL, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        most,
    )
    return [item_of(row) for row in rows]


async def named_elsewhere(tenant: Tenant, list_id: UUID, name_keys: Collection[str], most: int) -> list[Item]:
    """Items of other lists in use that have one of the folded names, what is to be bought before what was."""
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
    return [item_of(row) for row in rows]


async def open_namesakes(tenant: Tenant, items: Iterable[Item]) -> list[Item]:
    """Every open line that has the list and the name of one of the items."""
    wanted = list({(item.list_id, item.name_key) for item in items})
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND checked_at IS NULL AND deleted_at IS NULL
          AND (list_id, name_key) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
        """,  # noqa: S608
        tenant.household_id,
        [list_id for list_id, _ in wanted],
        [name_key for _, name_key in wanted],
    )
    return [item_of(row) for row in rows]


async def checked_items(tenant: Tenant, list_id: UUID) -> list[Item]:
    """What was bought on a list and is still shown on it, in its order."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id = $2 AND checked_at IS NOT NULL AND deleted_at IS NULL
        ORDER BY position, no
        """,  # noqa: S608
        tenant.household_id,
        list_id,
    )
    return [item_of(row) for row in rows]
