"""The condition on the purchases that a question is about, and what names in the question may mean."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant


@dataclass(frozen=True, slots=True)
class PurchaseFilter:
    """Which purchases: in `[since, until)`, of the thing and at the store with these folded names, by whom, and of
    items that are on a list now."""

    since: datetime | None = None
    until: datetime | None = None
    name_key: str | None = None
    store_key: str | None = None
    bought_by: UUID | None = None
    list_id: UUID | None = None


_CONDITIONS: Final = {
    "since": "purchases.bought_at >= {}::timestamptz",
    "until": "purchases.bought_at < {}::timestamptz",
    "name_key": "purchases.name_key = {}::text",
    "store_key": "purchases.store_key = {}::text",
    "bought_by": "purchases.bought_by = {}::uuid",
    "list_id": "purchases.item_id IN "
    "(SELECT items.id FROM items WHERE items.household_id = $1 AND items.list_id = {}::uuid)",
}


def condition_of(tenant: Tenant, wanted: PurchaseFilter) -> tuple[str, list[object]]:
    """Return the condition of a WHERE and its parameters, of which $1 is the household. It has no part for what isn't
    filtered by: a plan for every filter at once would use no index."""
    parts, values = ["purchases.household_id = $1"], list[object]([tenant.household_id])
    for name, part in _CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            values.append(value)
            parts.append(part.format(f"${len(values)}"))
    return " AND ".join(parts), values


async def names_bought(tenant: Tenant, most: int) -> dict[str, str]:
    """Return the names of things bought by their folded form, the latest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT name_key, (array_agg(name ORDER BY bought_at DESC))[1] AS name FROM purchases WHERE household_id = $1
        GROUP BY name_key ORDER BY max(bought_at) DESC, name_key LIMIT $2
        """,
        tenant.household_id,
        most,
    )
    return {row["name_key"]: row["name"] for row in rows}


async def latest_name(tenant: Tenant, name_key: str) -> str | None:
    """Return how the thing of a folded name was called when it was last bought; None if it never was."""
    name: str | None = await tenant.driver.fetchval(
        "SELECT name FROM purchases WHERE household_id = $1 AND name_key = $2 ORDER BY bought_at DESC LIMIT 1",
        tenant.household_id,
        name_key,
    )
    return name


async def stores_bought_at(tenant: Tenant, most: int) -> dict[str, str]:
    """Return the stores where something was bought by their folded names, the latest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT store_key, (array_agg(store ORDER BY bought_at DESC))[1] AS store FROM purchases
        WHERE household_id = $1 AND store_key IS NOT NULL
        GROUP BY store_key ORDER BY max(bought_at) DESC, store_key LIMIT $2
        """,
        tenant.household_id,
        most,
    )
    return {row["store_key"]: row["store"] for row in rows}
