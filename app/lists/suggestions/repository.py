"""What suggestions need beside the histories, in the database: what is open on lists, and what is bought together."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.pantry.histories import PURCHASES_READ, first_day
from app.lists.suggestions.models import Companion, OpenName

FEWEST_TOGETHER: Final = 3
"""On how many days two things must have been bought to go together."""

LEAST_LIFT: Final = 1.2
"""How many times as often one must have been bought on the days of the other."""

MOST_SEEDS: Final = 20
"""Things on a list for which others are looked for, those that came last."""

MOST_COMPANIONS: Final = 200

# Each day has its things of the list in an array, instead of a join of all purchases with each other, which PostgreSQL
# plans badly while it has no statistics.


_COMPANIONS: Final = f"""
    WITH recent AS MATERIALIZED (
        SELECT DISTINCT latest.name_key, (latest.bought_at AT TIME ZONE $2)::date AS day FROM (
            SELECT name_key, bought_at FROM purchases
            WHERE household_id = $1 AND bought_at > $3 AND bought_at <= $4
            ORDER BY bought_at DESC LIMIT {PURCHASES_READ}
        ) AS latest
    ), counted AS (
        SELECT name_key, day, count(*) OVER (PARTITION BY name_key) AS days FROM recent
    ), beside AS (
        SELECT name_key, days, array_agg(name_key) FILTER (WHERE name_key = ANY($5)) OVER of_day AS seeds,
            array_agg(days) FILTER (WHERE name_key = ANY($5)) OVER of_day AS seed_days
        FROM counted WINDOW of_day AS (PARTITION BY day)
    ), pairs AS (
        SELECT seed.name_key AS seed, beside.name_key, count(*) AS together, min(seed.days) AS seed_days,
            min(beside.days) AS own_days, (SELECT count(DISTINCT day) FROM recent) AS all_days
        FROM beside CROSS JOIN LATERAL unnest(beside.seeds, beside.seed_days) AS seed(name_key, days)
        WHERE beside.name_key <> ALL($5)
        GROUP BY seed.name_key, beside.name_key HAVING count(*) >= {FEWEST_TOGETHER}
    )
    SELECT seed, name_key, together, seed_days, own_days, all_days FROM pairs
    WHERE together * all_days >= {LEAST_LIFT} * seed_days * own_days
    ORDER BY together / (seed_days + 2.0) - own_days / all_days::numeric DESC, seed, name_key
    LIMIT {MOST_COMPANIONS}
"""  # noqa: S608


async def open_names(tenant: Tenant, list_id: UUID) -> list[OpenName]:
    """Return names that are open on a list, the last added first, `MOST_SEEDS` at most."""
    rows = await tenant.driver.fetch(
        """
        SELECT name_key, (array_agg(name ORDER BY no DESC))[1] AS name FROM items
        WHERE household_id = $1 AND list_id = $2 AND checked_at IS NULL AND deleted_at IS NULL
        GROUP BY name_key ORDER BY max(no) DESC LIMIT $3
        """,
        tenant.household_id,
        list_id,
        MOST_SEEDS,
    )
    return [OpenName(*row) for row in rows]


async def open_among(tenant: Tenant, name_keys: Collection[str]) -> set[str]:
    """Return which of these folded names are open on a list in use, also those that wait for a day."""
    rows = await tenant.driver.fetch(
        """
        SELECT DISTINCT items.name_key FROM lists
        JOIN items ON items.household_id = lists.household_id AND items.list_id = lists.id
        WHERE lists.household_id = $1 AND lists.deleted_at IS NULL AND lists.archived_at IS NULL
          AND items.household_id = $1 AND items.name_key = ANY($2)
          AND items.checked_at IS NULL AND items.deleted_at IS NULL
        """,
        tenant.household_id,
        list(name_keys),
    )
    return {row["name_key"] for row in rows}


async def companions_of(tenant: Tenant, now: datetime, seeds: Collection[str]) -> Sequence[Companion]:
    """Return what was bought on the same days as things with these folded names, and not just as often as on any other
    day: the most certain ones first."""
    if not seeds:
        return ()
    rows = await tenant.driver.fetch(
        _COMPANIONS,
        tenant.household_id,
        tenant.membership.zone.key,
        first_day(now),
        now,
        list(seeds),
    )
    return [Companion(*row) for row in rows]
