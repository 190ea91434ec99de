"""Forgetting old events, and what else is on record of their time."""

from datetime import datetime

from app.households.tenant import Tenant


async def oldest_event(tenant: Tenant) -> datetime | None:
    """When the oldest event on record was."""
    moment: datetime | None = await tenant.driver.fetchval(
        "SELECT at FROM events WHERE household_id = $1 ORDER BY no LIMIT 1", tenant.household_id
    )
    return moment


async def forget_before(tenant: Tenant, moment: datetime) -> None:
    """Delete the events before a moment and the departures of their time, and say so in the household's clock.

    Items that were removed before it go too, except those that were bought, whose purchases stay on record, and those
    that an event on record still tells of.
    """
    await tenant.driver.execute(
        """
        WITH gone AS (DELETE FROM events WHERE household_id = $1 AND at < $2 RETURNING rev)
        UPDATE clocks SET forgotten_rev = greatest(forgotten_rev, (SELECT max(rev) FROM gone)) WHERE household_id = $1
        """,
        tenant.household_id,
        moment,
    )
    await tenant.driver.execute(
        """
        DELETE FROM departures
        WHERE household_id = $1 AND rev <= (SELECT forgotten_rev FROM clocks WHERE household_id = $1)
        """,
        tenant.household_id,
    )
    await tenant.driver.execute(
        """
        DELETE FROM items WHERE household_id = $1 AND deleted_at < $2
        AND rev <= (SELECT forgotten_rev FROM clocks WHERE household_id = $1) AND NOT EXISTS (
            SELECT FROM purchases WHERE purchases.household_id = $1 AND purchases.item_id = items.id)
        """,
        tenant.household_id,
        moment,
    )
