"""What is in a basket, and the newest price of a thing at each store."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.items.fields import Item
from app.lists.items.repository import ITEM_COLUMNS, item_of

PRICES_LOOKED_AT: Final = 100
"""The most prices of one thing that are looked at, the newest first."""


async def find_open_items(tenant: Tenant, list_id: UUID, today: date, most: int) -> list[Item]:
    """Return open items of a list that wait for no day, in its order."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id = $2 AND checked_at IS NULL AND deleted_at IS NULL
          AND (not_before IS NULL OR not_before <= $3)
        ORDER BY position, no LIMIT $4
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        today,
        most,
    )
    return [item_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class KnownPrice:
    """What was paid last for a thing at a store, in one currency, for an amount of one measure; `amount` is None where
    none was noted."""

    name_key: str
    store_key: str
    store: str
    currency: str
    measure: str
    amount: Decimal | None
    unit: str | None
    price: Decimal
    bought_at: datetime
    id: UUID


async def find_newest_prices(tenant: Tenant, name_keys: Collection[str]) -> list[KnownPrice]:
    """Return the newest price of each of these things at each store, currency by currency and measure by measure, among
    the last `PRICES_LOOKED_AT` purchases of the thing with a price and a store."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT DISTINCT ON (found.name_key, found.store_key, found.currency, found.measure) found.*
        FROM unnest($2::text[]) AS searched(name_key), LATERAL (
            SELECT name_key, store_key, store, currency, measure, amount, unit, price, bought_at, id FROM purchases
            WHERE household_id = $1 AND purchases.name_key = searched.name_key
              AND price IS NOT NULL AND store_key IS NOT NULL
            ORDER BY bought_at DESC, id DESC LIMIT {PRICES_LOOKED_AT}
        ) AS found
        ORDER BY found.name_key, found.store_key, found.currency, found.measure, found.bought_at DESC, found.id DESC
        """,  # noqa: S608
        tenant.household_id,
        sorted(set(name_keys)),
    )
    return [KnownPrice(*row) for row in rows]
