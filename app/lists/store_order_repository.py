"""Whether the order of a store is known well enough to show a list in it, in the database."""

from typing import Final
from uuid import UUID

from app.db.engine import CONTEXT, IN_CONTEXT
from app.households.tenant import ProvenHousehold, Tenant

LEAST_TRIPS: Final = 2
"""On how many trips a thing must have been bought in a store for its place to count."""

FEWEST_THINGS: Final = 5
"""How many things there must be whose places count."""


def _statement(context: str, in_context: str) -> str:
    # An item that stands where somebody moved it is in an order of their own.
    return f"""
        {context}
        SELECT (
            SELECT count(*) FROM (
                SELECT FROM aisles WHERE {in_context} AND household_id = $1 AND store_key = $2 AND n >= {LEAST_TRIPS}
                LIMIT {FEWEST_THINGS}
            ) AS known
        ) = {FEWEST_THINGS} AND NOT EXISTS (
            SELECT FROM events CROSS JOIN LATERAL jsonb_array_elements(events.changes) AS change
            JOIN items ON items.household_id = $1 AND items.no = (change->>'item')::integer
            WHERE {in_context} AND events.household_id = $1 AND events.kind = 'move_items'
              AND events.undone_by IS NULL
              AND items.household_id = $1 AND items.list_id = $3
              AND items.checked_at IS NULL AND items.deleted_at IS NULL
              AND NOT change->'after' ? 'list_id' AND items.position = (change->'after'->>'position')::bigint
        ) AS applies
    """  # noqa: S608


_APPLIES: Final = _statement("", "true")
_APPLIES_ALONE: Final = _statement(f"WITH {CONTEXT}", IN_CONTEXT)


async def store_order_applies(tenant: Tenant, store_key: str, list_id: UUID) -> bool:
    """Return whether enough is known of a folded store, and no open item of the list stands where somebody moved it."""
    return bool(await tenant.driver.fetchval(_APPLIES, tenant.household_id, store_key, list_id))


async def store_order_applies_alone(household: ProvenHousehold, store_key: str, list_id: UUID) -> bool:
    """Return what `store_order_applies` does, in one message."""
    ((applies,),) = await household.fetch(_APPLIES_ALONE, store_key, list_id)
    return bool(applies)
