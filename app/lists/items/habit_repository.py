"""Habits in the database."""

from collections.abc import Collection, Sequence
from typing import Final

from app.households.tenant import Tenant
from app.lists.items.habits import MOST_HABITS, REMEMBERED, Habit, HabitChange

HABIT_COLUMNS: Final = ", ".join(("name_key", *REMEMBERED, "rev"))

_MADE_ROOM: Final = 100
"""How many habits go at once when there are too many, so that it isn't done for each new one."""


async def find_habits(tenant: Tenant, name_keys: Collection[str]) -> dict[str, Habit]:
    """Return what is remembered of these names."""
    rows = await tenant.driver.fetch(
        f"SELECT {HABIT_COLUMNS} FROM habits WHERE household_id = $1 AND name_key = ANY($2)",  # noqa: S608
        tenant.household_id,
        sorted(set(name_keys)),
    )
    return {row["name_key"]: Habit(*row) for row in rows}


async def save_habits(tenant: Tenant, rev: int, changes: Sequence[HabitChange]) -> None:
    """Store changed habits with the revision of this call. Where there are too many, those are forgotten whose names
    were not on any list for longest. Needs the write lock."""
    if not changes:
        return
    habits = [change.after for change in changes]
    await tenant.driver.execute(
        """
        INSERT INTO habits (household_id, name_key, unit, category, store, rev)
        SELECT $1, given.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS given
        ON CONFLICT (household_id, name_key) DO UPDATE SET
            unit = excluded.unit, category = excluded.category, store = excluded.store, rev = excluded.rev
        """,
        tenant.household_id,
        rev,
        [each.name_key for each in habits],
        [each.unit for each in habits],
        [each.category for each in habits],
        [each.store for each in habits],
    )
    if any(change.before is None for change in changes):
        await _forget_unused(tenant)


async def _forget_unused(tenant: Tenant) -> None:
    await tenant.driver.execute(
        """
        DELETE FROM habits WHERE household_id = $1 AND name_key IN (
            SELECT habits.name_key FROM habits LEFT JOIN LATERAL (
                SELECT max(items.rev) AS rev FROM lists JOIN items ON items.list_id = lists.id
                WHERE lists.household_id = $1 AND items.household_id = $1 AND items.name_key = habits.name_key
            ) AS used ON true
            WHERE habits.household_id = $1 ORDER BY greatest(habits.rev, used.rev), habits.name_key LIMIT (
                SELECT CASE WHEN count(*) > $2 THEN count(*) - $2 + $3 ELSE 0 END FROM habits WHERE household_id = $1))
        """,
        tenant.household_id,
        MOST_HABITS,
        _MADE_ROOM,
    )
