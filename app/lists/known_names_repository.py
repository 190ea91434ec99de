"""Names that a household used before, to choose from while somebody types."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.text import fold

LOOKED_AT: Final = 2_000
"""The items of a list, those that changed last, among which names are looked for."""

LONGEST_TYPED: Final = 60


@dataclass(frozen=True, slots=True)
class KnownName:
    """A thing by the name that it had last, with the unit and the category that it usually has."""

    name: str
    unit: str | None
    category: str | None


async def find_names(tenant: Tenant, list_id: UUID, typed: str, most: int) -> list[KnownName]:
    """Return the things that were put on a list most often, of those with a word that begins with what was typed.

    What was removed without having been bought is left out: it may have been a mistake. A correction of unit or
    category that the household made comes before what the item says.
    """
    key = fold(typed[:LONGEST_TYPED])
    if not key:
        return []
    rows = await tenant.driver.fetch(
        """
        SELECT used.name, coalesce(habits.unit, used.unit), coalesce(habits.category, used.category) FROM (
            SELECT name_key, max(rev) AS rev, count(*) AS times,
                   (array_agg(name ORDER BY rev DESC))[1] AS name,
                   (array_agg(unit ORDER BY rev DESC))[1] AS unit,
                   (array_agg(category ORDER BY rev DESC))[1] AS category
            FROM (
                SELECT name_key, name, unit, category, rev, checked_at, deleted_at FROM items
                WHERE household_id = $1 AND list_id = $2 ORDER BY rev DESC LIMIT $5
            ) AS latest
            WHERE (deleted_at IS NULL OR checked_at IS NOT NULL)
              AND (starts_with(name_key, $3) OR strpos(name_key, ' ' || $3) > 0 OR starts_with(lower(name), $3))
            GROUP BY name_key
        ) AS used
        LEFT JOIN habits ON habits.household_id = $1 AND habits.name_key = used.name_key
        ORDER BY used.times DESC, used.rev DESC LIMIT $4
        """,
        tenant.household_id,
        list_id,
        key,
        most,
        LOOKED_AT,
    )
    return [KnownName(*row) for row in rows]
