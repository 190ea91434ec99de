"""The meal plan in the database."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.households.tenant import Tenant
from app.recipes.models import PlannedDish, PlannedMeal

Place = tuple[date, int, UUID]
"""Where a meal stands in the plan: its day, its position there, and its id."""


async def read_plan(
    tenant: Tenant, first: date, last: date, limit: int, after: Place | None = None
) -> list[PlannedDish]:
    """Return at most `limit` meals of the days from `first` to `last`, in the order of the plan, behind `after`."""
    rows = await tenant.driver.fetch(
        """
        SELECT planned.id, day, position, meal, recipe_id, words, planned.servings,
               recipes.no, recipes.name, recipes.archived_at IS NOT NULL, recipes.deleted_at IS NOT NULL
        FROM planned_meals AS planned LEFT JOIN recipes
            ON recipes.household_id = $1 AND recipes.id = planned.recipe_id
        WHERE planned.household_id = $1 AND day BETWEEN $2 AND $3
          AND ($4::date IS NULL OR (day, position, planned.id) > ($4::date, $5::integer, $6::uuid))
        ORDER BY day, position, planned.id LIMIT $7
        """,
        tenant.household_id,
        first,
        last,
        *(after or (None, None, None)),
        limit,
    )
    return [PlannedDish(PlannedMeal(*row[:7]), *row[7:]) for row in rows]


async def meals_of_days(tenant: Tenant, days: Collection[date], first: date, last: date) -> list[PlannedMeal]:
    """Return the meals of these days and of those from `first` to `last`, in the order of the plan."""
    rows = await tenant.driver.fetch(
        """
        SELECT id, day, position, meal, recipe_id, words, servings FROM planned_meals
        WHERE household_id = $1 AND (day = ANY($2) OR day BETWEEN $3 AND $4) ORDER BY day, position, id
        """,
        tenant.household_id,
        list(days),
        first,
        last,
    )
    return [PlannedMeal(*row) for row in rows]


async def meals_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, PlannedMeal]:
    """Return the meals with these ids that are on the plan."""
    rows = await tenant.driver.fetch(
        """
        SELECT id, day, position, meal, recipe_id, words, servings FROM planned_meals
        WHERE household_id = $1 AND id = ANY($2)
        """,
        tenant.household_id,
        list(ids),
    )
    return {row["id"]: PlannedMeal(*row) for row in rows}


async def count_meals(tenant: Tenant) -> int:
    """Return how many meals are on the plan, past ones included."""
    number: int = await tenant.driver.fetchval(
        "SELECT count(*) FROM planned_meals WHERE household_id = $1", tenant.household_id
    )
    return number


async def save_meals(tenant: Tenant, meals: Sequence[PlannedMeal]) -> None:
    """Store new or changed meals. Needs the write lock."""
    columns: list[list[Any]] = [
        [getattr(meal, name) for meal in meals]
        for name in ("id", "day", "position", "meal", "recipe_id", "words", "servings")
    ]
    await tenant.driver.execute(
        """
        INSERT INTO planned_meals (household_id, id, day, position, meal, recipe_id, words, servings)
        SELECT $1, given.* FROM unnest(
            $2::uuid[], $3::date[], $4::integer[], $5::text[], $6::uuid[], $7::text[], $8::integer[]
        ) AS given(id, day, position, meal, recipe_id, words, servings)
        ON CONFLICT (household_id, id) DO UPDATE SET day = excluded.day, position = excluded.position,
            meal = excluded.meal, recipe_id = excluded.recipe_id, words = excluded.words, servings = excluded.servings
        """,
        tenant.household_id,
        *columns,
    )


async def delete_meals(tenant: Tenant, ids: Collection[UUID]) -> None:
    """Take meals off the plan. Needs the write lock."""
    await tenant.driver.execute(
        "DELETE FROM planned_meals WHERE household_id = $1 AND id = ANY($2)", tenant.household_id, list(ids)
    )


async def recipe_names(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID | None, tuple[int, str]]:
    """Return the numbers and names of the recipes with these ids, deleted ones included."""
    rows = await tenant.driver.fetch(
        "SELECT id, no, name FROM recipes WHERE household_id = $1 AND id = ANY($2)", tenant.household_id, list(ids)
    )
    return {row["id"]: (row["no"], row["name"]) for row in rows}
