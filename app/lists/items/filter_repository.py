"""Items in the database: finding them by what they have in common, and by where they are found in a store."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.items.fields import Item
from app.lists.items.repository import ITEM_COLUMNS, item_of
from app.lists.models import View
from app.runtime.batches import map_in_batches

MOST_VALUES: Final = 10_000

_ON_LISTS: Final = """
    FROM items JOIN lists ON lists.household_id = items.household_id AND lists.id = items.list_id
    WHERE items.household_id = $1 AND items.list_id = ANY($2) AND items.deleted_at IS NULL
"""
_STORE: Final = "coalesce(items.store, lists.store)"
"""Where an item is bought: at its own store, else at its list's."""


async def stores_on(tenant: Tenant, list_ids: Collection[UUID]) -> list[str]:
    """Return the stores where items of these lists are bought, as typed."""
    return await _values_on(tenant, list_ids, _STORE)


async def categories_on(tenant: Tenant, list_ids: Collection[UUID]) -> list[str]:
    """Return the categories of items of these lists, as typed."""
    return await _values_on(tenant, list_ids, "items.category")


async def _values_on(tenant: Tenant, list_ids: Collection[UUID], value: str) -> list[str]:
    rows = await tenant.driver.fetch(
        f"SELECT DISTINCT {value} AS value {_ON_LISTS} AND {value} IS NOT NULL LIMIT $3",
        tenant.household_id,
        list(list_ids),
        MOST_VALUES,
    )
    return [row["value"] for row in rows]


async def items_with(
    tenant: Tenant,
    list_ids: Collection[UUID],
    stores: Collection[str] | None,
    categories: Collection[str] | None,
    assignee_id: UUID | None,
    view: View,
    *,
    most: int,
) -> list[Item]:
    """Return items of lists, in their order, that have one of the stores, one of the categories, and the assignee;
    None makes no difference. Items that wait for a day are open ones."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} {_ON_LISTS}
          AND ($3::text[] IS NULL OR {_STORE} = ANY($3))
          AND ($4::text[] IS NULL OR items.category = ANY($4))
          AND ($5::uuid IS NULL OR items.assignee_id = $5)
          AND ($6::text = 'all' OR (items.checked_at IS NOT NULL) = ($6 = 'checked'))
          AND ($6::text <> 'waiting' OR items.not_before > $8::date)
        ORDER BY lists.no, items.position, items.no LIMIT $7
        """,
        tenant.household_id,
        list(list_ids),
        None if stores is None else list(stores),
        None if categories is None else list(categories),
        assignee_id,
        view,
        most,
        tenant.today,
    )
    return await map_in_batches(item_of, rows)


@dataclass(frozen=True, slots=True)
class Aisle:
    """Where in a store a thing is found: the mean of the places that it had on shopping trips."""

    store_key: str
    name_key: str
    place: float


async def aisles_of(tenant: Tenant, store_keys: Collection[str], list_id: UUID) -> list[Aisle]:
    """Return what is known of these folded stores about the things on a list."""
    rows = await tenant.driver.fetch(
        """
        SELECT store_key, name_key, mean_position FROM aisles
        WHERE household_id = $1 AND store_key = ANY($2) AND n > 0
          AND name_key IN (SELECT name_key FROM items WHERE household_id = $1 AND list_id = $3 AND deleted_at IS NULL)
        """,
        tenant.household_id,
        list(store_keys),
        list_id,
    )
    return await map_in_batches(lambda row: Aisle(*row), rows)
