"""Purchases in the database, and where in a store things are found, as learned from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.repository import Row
from app.quantities import Quantity
from app.text import fold

TRIP: Final = timedelta(hours=3)
"""Things bought in one store within this time belong to one shopping trip."""

_COLUMNS: Final = (
    *("id", "item_id", "name", "name_key", "measure", "amount", "unit"),
    *("price", "currency", "store", "bought_at", "bought_by", "place"),
)
PURCHASE_COLUMNS: Final = ", ".join(_COLUMNS)

_INSERT: Final = """
    INSERT INTO purchases (household_id, id, item_id, name, name_key, store, store_key, measure, amount, unit,
        price, currency, bought_at, bought_by, place, event_no)
    SELECT $1::uuid, given.*, $2::integer
    FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::numeric[],
        $11::text[], $12::numeric[], $13::text[], $14::timestamptz[], $15::uuid[], $16::numeric[]) AS given
"""
_LEARN: Final = """
    INSERT INTO aisles (household_id, store_key, name_key, mean_position, n)
    SELECT $1::uuid, store_key, name_key, total / n, n
    FROM unnest($2::text[], $3::text[], $4::double precision[], $5::integer[])
        AS learned(store_key, name_key, total, n)
    ON CONFLICT (household_id, store_key, name_key) DO UPDATE SET
        mean_position = (aisles.mean_position * aisles.n + excluded.mean_position * excluded.n)
            / (aisles.n + excluded.n),
        n = aisles.n + excluded.n
"""


async def insert_purchases(tenant: Tenant, event_no: int, purchases: Collection[Purchase]) -> None:
    """Record purchases, and learn where in the store things are found from those with a place."""
    columns = zip(*(_row_of(purchase) for purchase in purchases), strict=True)
    await tenant.driver.execute(_INSERT, tenant.household_id, event_no, *columns)
    learned = _by_thing(purchases)
    if learned[0]:
        await tenant.driver.execute(_LEARN, tenant.household_id, *learned)


async def delete_purchases(tenant: Tenant, purchases: Collection[Purchase]) -> None:
    """Delete purchases, and unlearn what they taught."""
    await tenant.driver.execute(
        "DELETE FROM purchases WHERE household_id = $1 AND id = ANY($2)",
        tenant.household_id,
        [purchase.id for purchase in purchases],
    )
    learned = _by_thing(purchases)
    if learned[0]:
        await tenant.driver.execute(
            """
            UPDATE aisles SET
                mean_position = CASE WHEN aisles.n > learned.n
                    THEN (aisles.mean_position * aisles.n - learned.total) / (aisles.n - learned.n) ELSE 0 END,
                n = greatest(aisles.n - learned.n, 0)
            FROM unnest($2::text[], $3::text[], $4::double precision[], $5::integer[])
                AS learned(store_key, name_key, total, n)
            WHERE aisles.household_id = $1
              AND aisles.store_key = learned.store_key AND aisles.name_key = learned.name_key
            """,
            tenant.household_id,
            *learned,
        )


async def last_purchases(tenant: Tenant, item_ids: Iterable[UUID]) -> dict[UUID, Purchase]:
    """Return the latest purchase of each item that has one."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT DISTINCT ON (item_id) {PURCHASE_COLUMNS}
        FROM purchases WHERE household_id = $1 AND item_id = ANY($2) ORDER BY item_id, bought_at DESC, id DESC
        """,  # noqa: S608
        tenant.household_id,
        list(item_ids),
    )
    return {row["item_id"]: purchase_of(row) for row in rows}


async def bought_on_this_trip(tenant: Tenant, stores: Collection[str], now: datetime) -> dict[str, int]:
    """Return how many things were bought in each of these stores within `TRIP`, by the store's folded name."""
    rows = await tenant.driver.fetch(
        """
        SELECT store_key, count(*) AS bought FROM purchases
        WHERE household_id = $1 AND bought_at > $2 AND store_key = ANY($3) GROUP BY store_key
        """,
        tenant.household_id,
        now - TRIP,
        [fold(store) for store in stores],
    )
    return {row["store_key"]: row["bought"] for row in rows}


def _by_thing(purchases: Iterable[Purchase]) -> list[list[Any]]:
    """Return four columns: folded store, folded name, the sum of the places, and how many places."""
    places: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for purchase in purchases:
        if purchase.store is not None and purchase.place is not None:
            places[fold(purchase.store), purchase.name_key].append(purchase.place)
    rows = [(store, name, float(sum(found)), len(found)) for (store, name), found in places.items()]
    return [[row[column] for row in rows] for column in range(4)]


def _row_of(purchase: Purchase) -> tuple[object, ...]:
    quantity = purchase.quantity
    return (
        purchase.id,
        purchase.item_id,
        purchase.name,
        purchase.name_key,
        purchase.store,
        None if purchase.store is None else fold(purchase.store),
        "none" if quantity is None else quantity.measure,
        None if quantity is None else quantity.amount,
        None if quantity is None else quantity.unit,
        purchase.price,
        purchase.currency,
        purchase.bought_at,
        purchase.bought_by,
        purchase.place,
    )


def purchase_of(row: Row) -> Purchase:
    """Return the purchase in a row of PURCHASE_COLUMNS."""
    values = dict(zip(_COLUMNS, row, strict=True))
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    return Purchase(quantity=None if amount is None else Quantity(measure, amount, unit), **values)
