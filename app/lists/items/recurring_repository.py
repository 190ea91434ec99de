"""Finding items whose day has come."""

from datetime import date

from app.households.tenant import Tenant
from app.lists.models import ITEMS_PER_LIST, Item
from app.lists.repository import ITEM_COLUMNS, item_of


async def repeating_due(tenant: Tenant, today: date, most: int = ITEMS_PER_LIST) -> list[Item]:
    """What was bought as many days ago as it repeats after, on lists in use.

    Where somebody undid its coming back, the days count from that: otherwise it would be back at once.
    """
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND repeat_days IS NOT NULL AND checked_at IS NOT NULL AND deleted_at IS NULL
          AND (checked_at AT TIME ZONE 'UTC')::date + repeat_days <= $2
          AND NOT EXISTS (
              SELECT FROM events e
              WHERE e.household_id = $1 AND e.kind = 'repeat_items' AND e.undone_by IS NOT NULL
                AND (e.at AT TIME ZONE 'UTC')::date + repeat_days > $2
                AND e.changes @> jsonb_build_array(jsonb_build_object('item', items.no)))
          AND list_id IN (
              SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        today,
        most,
    )
    return [item_of(row) for row in rows]


async def waiting_until(tenant: Tenant, today: date, most: int = ITEMS_PER_LIST) -> list[Item]:
    """What is to be bought and waited for a day until `today`."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND not_before <= $2 AND checked_at IS NULL AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        today,
        most,
    )
    return [item_of(row) for row in rows]
