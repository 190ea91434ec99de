"""Purchases one by one, and names by how often they were bought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.purchases.filter_repository import PurchaseFilter, condition_of
from app.lists.purchases.repository import PURCHASE_COLUMNS, purchase_of

PurchasePlace = tuple[datetime, UUID]
"""Where a purchase stands among others: when it was made, and its id."""


async def find_page(
    tenant: Tenant, wanted: PurchaseFilter, behind: PurchasePlace | None, most: int
) -> list[tuple[Purchase, int | None]]:
    """Return purchases, newest first, each with the number of its item; those behind a place, if one is given."""
    condition, values = condition_of(tenant, wanted)
    if behind is not None:
        condition += f" AND (purchases.bought_at, purchases.id) < (${len(values) + 1}, ${len(values) + 2})"
        values += behind
    rows = await tenant.driver.fetch(
        f"""
        SELECT page.*, items.no FROM (
            SELECT {PURCHASE_COLUMNS} FROM purchases WHERE {condition}
            ORDER BY bought_at DESC, id DESC LIMIT ${len(values) + 1}
        ) AS page LEFT JOIN items ON items.household_id = $1 AND items.id = page.item_id
        ORDER BY page.bought_at DESC, page.id DESC
        """,  # noqa: S608
        *values,
        most,
    )
    return [(purchase_of(tuple(row)[:-1]), row["no"]) for row in rows]


async def times_bought(tenant: Tenant, name_keys: Collection[str]) -> dict[str, int]:
    """Return how often things were bought, by their folded names."""
    rows = await tenant.driver.fetch(
        """
        SELECT name_key, count(*) AS times FROM purchases WHERE household_id = $1 AND name_key = ANY($2)
        GROUP BY name_key
        """,
        tenant.household_id,
        sorted(set(name_keys)),
    )
    return {row["name_key"]: row["times"] for row in rows}


@dataclass(frozen=True, slots=True)
class UsualThing:
    """A thing that was bought several times, and when first and last."""

    name: str
    times: int
    first: datetime
    last: datetime


async def find_usual(tenant: Tenant, wanted: PurchaseFilter, least: int, most: int) -> list[UsualThing]:
    """Return what was bought at least so often and is open on no list, the most frequent first."""
    condition, values = condition_of(tenant, wanted)
    # NOT IN, because it is looked up in a table of what is open, also where nothing is known of how many rows there
    # are: with NOT EXISTS all that is open is read again for each purchase then.
    rows = await tenant.driver.fetch(
        f"""
        SELECT (array_agg(purchases.name ORDER BY purchases.bought_at DESC, purchases.id DESC))[1] AS name,
            count(*) AS times, min(purchases.bought_at) AS first, max(purchases.bought_at) AS last
        FROM purchases WHERE {condition} AND purchases.name_key NOT IN (
            SELECT items.name_key
            FROM items JOIN lists ON lists.household_id = items.household_id AND lists.id = items.list_id
            WHERE items.household_id = $1 AND lists.household_id = $1
              AND items.checked_at IS NULL AND items.deleted_at IS NULL
              AND lists.deleted_at IS NULL AND lists.archived_at IS NULL)
        GROUP BY purchases.name_key HAVING count(*) >= ${len(values) + 1}
        ORDER BY times DESC, last DESC, purchases.name_key LIMIT ${len(values) + 2}
        """,  # noqa: S608
        *values,
        least,
        most,
    )
    return [UsualThing(*row) for row in rows]
