"""Values that a household used before, to choose from: its stores, and the months it bought something in."""

from typing import Final

from app.households.tenant import Tenant
from app.lists.purchases.months import month_of, month_starts
from app.text import fold

MOST: Final = 1_000
"""The most values of one kind."""


async def find_stores(tenant: Tenant) -> list[str]:
    """Return the stores of lists, items and purchases in alphabetical order; of spellings that mean the same store, the
    first one."""
    rows = await tenant.driver.fetch(
        """
        SELECT store FROM lists WHERE household_id = $1 AND store IS NOT NULL AND deleted_at IS NULL
        UNION SELECT store FROM items WHERE household_id = $1 AND store IS NOT NULL AND deleted_at IS NULL
        UNION SELECT store FROM purchases WHERE household_id = $1 AND store IS NOT NULL
        ORDER BY store LIMIT $2
        """,
        tenant.household_id,
        MOST,
    )
    spellings: dict[str, str] = {}
    for row in rows:
        spellings.setdefault(fold(row["store"]), row["store"])
    return list(spellings.values())


async def find_months(tenant: Tenant) -> list[str]:
    """Return the months (`2026-11`) from the first purchase to the last, newest first."""
    (row,) = await tenant.driver.fetch(
        "SELECT min(bought_at) AS first, max(bought_at) AS last FROM purchases WHERE household_id = $1",
        tenant.household_id,
    )
    if row["first"] is None:
        return []
    zone = tenant.membership.zone
    months = [month_of(start, zone) for start in month_starts(row["first"], row["last"], zone)]
    return months[: -MOST - 1 : -1]
