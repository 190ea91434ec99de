"""Values that a household used before, to choose from: its stores, and the months it bought something in."""

from typing import Final

from app.households.tenant import Tenant
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
    """Return the months (UTC, `2026-11`) with purchases, newest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT DISTINCT to_char(bought_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month
        FROM purchases WHERE household_id = $1 ORDER BY month DESC LIMIT $2
        """,
        tenant.household_id,
        MOST,
    )
    return [row["month"] for row in rows]
