"""Statistics over purchases, computed in the database on exact decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.purchases.filter_repository import PurchaseFilter, condition_of
from app.lists.purchases.repository import PURCHASE_COLUMNS, purchase_of

SpendingGroup = Literal["store", "category", "person", "item", "month"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was paid, in one currency; `stdev` is the sample's, None for a single price.

    `label` is the group as it was last written; None for purchases without one (no store, no category). Of a month, it
    is its place among those that were asked about, from 1 on.
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


_KEY_AND_LABEL: Final[dict[SpendingGroup, tuple[str, str]]] = {
    "store": ("purchases.store_key", "purchases.store"),
    "category": ("lower(purchases.category)", "purchases.category"),
    "person": ("purchases.bought_by::text", "purchases.bought_by::text"),
    "item": ("purchases.name_key", "purchases.name"),
}
"""What purchases are grouped by, and how the group is written."""

# Of an even number of prices, the median is the mean of the middle two: percentile_disc finds each of them exactly,
# where percentile_cont would compute in floating point.
_STATISTICS: Final = """
    SELECT (array_agg({label} ORDER BY purchases.bought_at DESC, purchases.id DESC))[1] AS label, purchases.currency,
        count(*) AS count, sum(purchases.price) AS total, round(avg(purchases.price), 2) AS mean,
        round((percentile_disc(0.5) WITHIN GROUP (ORDER BY purchases.price)
            + percentile_disc(0.5) WITHIN GROUP (ORDER BY purchases.price DESC)) / 2, 2) AS median,
        round(stddev_samp(purchases.price), 2) AS stdev, min(purchases.price) AS min, max(purchases.price) AS max
    FROM purchases
    WHERE {condition} AND purchases.price IS NOT NULL
    GROUP BY {key}, purchases.currency
    ORDER BY {order}
    LIMIT {most}
"""


async def find_statistics(
    tenant: Tenant, wanted: PurchaseFilter, group_by: SpendingGroup, most: int, months: Sequence[datetime] = ()
) -> list[Statistics]:
    """Return the statistics of each group and currency: months in order, other groups by what was spent. `months` are
    the beginnings of the months to group by."""
    condition, values = condition_of(tenant, wanted)
    values.append(most)
    limit = f"${len(values)}"
    if group_by == "month":
        values.append(months)
        key = f"width_bucket(purchases.bought_at, ${len(values)}::timestamptz[])"
        label, order = f"{key}::text", f"{key}, purchases.currency"
    else:
        key, label = _KEY_AND_LABEL[group_by]
        order = f"purchases.currency, total DESC, {key}"
    statement = _STATISTICS.format(key=key, label=label, order=order, condition=condition, most=limit)
    return [Statistics(**row) for row in await tenant.driver.fetch(statement, *values)]


async def find_totals(tenant: Tenant, wanted: PurchaseFilter) -> list[Statistics]:
    """Return the statistics of all purchases, by currency."""
    condition, values = condition_of(tenant, wanted)
    statement = _STATISTICS.format(key="()", label="NULL::text", order="total DESC", condition=condition, most="NULL")
    return [Statistics(**row) for row in await tenant.driver.fetch(statement, *values)]


async def first_and_last(tenant: Tenant, wanted: PurchaseFilter) -> tuple[datetime, datetime] | None:
    """Return when the first and the last of some purchases were made; None where there are none."""
    condition, values = condition_of(tenant, wanted)
    statement = f"SELECT min(bought_at), max(bought_at) FROM purchases WHERE {condition}"  # noqa: S608
    (row,) = await tenant.driver.fetch(statement, *values)
    return None if row[0] is None else (row[0], row[1])


async def count_unpriced(tenant: Tenant, wanted: PurchaseFilter) -> int:
    """Return how many purchases have no price."""
    condition, values = condition_of(tenant, wanted)
    statement = f"SELECT count(*) FROM purchases WHERE {condition} AND price IS NULL"  # noqa: S608
    return int(await tenant.driver.fetchval(statement, *values))


async def find_priced(tenant: Tenant, wanted: PurchaseFilter, most: int) -> list[Purchase]:
    """Return purchases with a price, newest first."""
    condition, values = condition_of(tenant, wanted)
    statement = f"""
        SELECT {PURCHASE_COLUMNS} FROM purchases WHERE {condition} AND price IS NOT NULL
        ORDER BY bought_at DESC, id DESC LIMIT ${len(values) + 1}
    """  # noqa: S608
    rows = await tenant.driver.fetch(statement, *values, most)
    return [purchase_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Payment:
    """What one person paid in one currency."""

    person_id: UUID
    currency: str
    total: Decimal


async def find_payments(tenant: Tenant, wanted: PurchaseFilter) -> list[Payment]:
    """Return what each person paid, by currency: those who bought something unless another one paid for it."""
    condition, values = condition_of(tenant, wanted)
    rows = await tenant.driver.fetch(
        f"""
        SELECT coalesce(purchases.paid_by, purchases.bought_by) AS person_id, purchases.currency,
            sum(purchases.price) AS total
        FROM purchases WHERE {condition} AND purchases.price IS NOT NULL GROUP BY 1, 2 ORDER BY 2, 1
        """,  # noqa: S608
        *values,
    )
    return [Payment(*row) for row in rows]
