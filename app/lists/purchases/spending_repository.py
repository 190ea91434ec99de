"""Statistics over purchases, computed in the database on exact decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.purchases.repository import PURCHASE_COLUMNS, purchase_of

SpendingGroup = Literal["store", "category", "person", "item", "month"]


@dataclass(frozen=True, slots=True)
class PurchaseFilter:
    """Which purchases: in `[since, until)`, and of the thing with this folded name."""

    since: datetime | None = None
    until: datetime | None = None
    name_key: str | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was paid, in one currency; `stdev` is the sample's, None for a single price.

    `label` is the group as it was last written; None for purchases without one (no store, no category).
    """

    label: str | None
    currency: str
    count: int
    total: Decimal
    mean: Decimal
    median: Decimal
    stdev: Decimal | None
    min: Decimal
    max: Decimal


_MONTH: Final = "to_char(purchases.bought_at AT TIME ZONE 'UTC', 'YYYY-MM')"
_KEY_AND_LABEL: Final[dict[SpendingGroup, tuple[str, str]]] = {
    "store": ("purchases.store_key", "purchases.store"),
    "category": ("lower(items.category)", "items.category"),
    "person": ("purchases.bought_by::text", "purchases.bought_by::text"),
    "item": ("purchases.name_key", "purchases.name"),
    "month": (_MONTH, _MONTH),
}
"""What purchases are grouped by, and how the group is written."""

_FILTER: Final = """
    purchases.household_id = $1
    AND ($2::timestamptz IS NULL OR purchases.bought_at >= $2)
    AND ($3::timestamptz IS NULL OR purchases.bought_at < $3)
    AND ($4::text IS NULL OR purchases.name_key = $4)
"""

# Of an even number of prices, the median is the mean of the middle two: percentile_disc finds each of them exactly,
# where percentile_cont would compute in floating point.
_STATISTICS: Final = """
    SELECT (array_agg({label} ORDER BY purchases.bought_at DESC, purchases.id DESC))[1] AS label, purchases.currency,
        count(*) AS count, sum(purchases.price) AS total, round(avg(purchases.price), 2) AS mean,
        round((percentile_disc(0.5) WITHIN GROUP (ORDER BY purchases.price)
            + percentile_disc(0.5) WITHIN GROUP (ORDER BY purchases.price DESC)) / 2, 2) AS median,
        round(stddev_samp(purchases.price), 2) AS stdev, min(purchases.price) AS min, max(purchases.price) AS max
    FROM purchases
    LEFT JOIN items ON items.household_id = purchases.household_id AND items.id = purchases.item_id
    WHERE {filter} AND purchases.price IS NOT NULL
    GROUP BY {key}, purchases.currency
    ORDER BY {order}
    LIMIT $5
"""


async def find_statistics(
    tenant: Tenant, wanted: PurchaseFilter, group_by: SpendingGroup, most: int
) -> list[Statistics]:
    """Return the statistics of each group and currency: months in order, other groups by what was spent."""
    key, label = _KEY_AND_LABEL[group_by]
    order = f"{key}, purchases.currency" if group_by == "month" else f"purchases.currency, total DESC, {key}"
    statement = _STATISTICS.format(key=key, label=label, order=order, filter=_FILTER)
    return [Statistics(**row) for row in await tenant.driver.fetch(statement, *_parameters(tenant, wanted), most)]


async def find_totals(tenant: Tenant, wanted: PurchaseFilter) -> list[Statistics]:
    """Return the statistics of all purchases, by currency."""
    statement = _STATISTICS.format(key="()", label="NULL::text", order="total DESC", filter=_FILTER)
    return [Statistics(**row) for row in await tenant.driver.fetch(statement, *_parameters(tenant, wanted), None)]


async def count_unpriced(tenant: Tenant, wanted: PurchaseFilter) -> int:
    """Return how many purchases have no price."""
    statement = f"SELECT count(*) FROM purchases WHERE {_FILTER} AND price IS NULL"  # noqa: S608
    return int(await tenant.driver.fetchval(statement, *_parameters(tenant, wanted)))


async def find_purchases(tenant: Tenant, wanted: PurchaseFilter, most: int) -> list[Purchase]:
    """Return purchases with a price, newest first."""
    statement = f"""
        SELECT {PURCHASE_COLUMNS} FROM purchases WHERE {_FILTER} AND price IS NOT NULL
        ORDER BY bought_at DESC, id DESC LIMIT $5
    """  # noqa: S608
    rows = await tenant.driver.fetch(statement, *_parameters(tenant, wanted), most)
    return [purchase_of(row) for row in rows]


async def names_bought(tenant: Tenant, part: str, most: int) -> Sequence[str]:
    """Return the names of things bought whose folded name holds `part`, the latest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT (array_agg(name ORDER BY bought_at DESC))[1] AS name FROM purchases
        WHERE household_id = $1 AND position($2 IN name_key) > 0
        GROUP BY name_key ORDER BY max(bought_at) DESC LIMIT $3
        """,
        tenant.household_id,
        part,
        most,
    )
    return [row["name"] for row in rows]


async def is_bought(tenant: Tenant, name_key: str) -> bool:
    """Whether a thing of this folded name was ever bought."""
    statement = "SELECT EXISTS (SELECT FROM purchases WHERE household_id = $1 AND name_key = $2)"
    return bool(await tenant.driver.fetchval(statement, tenant.household_id, name_key))


def _parameters(tenant: Tenant, wanted: PurchaseFilter) -> tuple[object, ...]:
    return (tenant.household_id, wanted.since, wanted.until, wanted.name_key)
