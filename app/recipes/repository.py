"""Recipes in the database: finding them, and storing them with their lines."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.households.tenant import Tenant
from app.quantities import Quantity
from app.recipes.models import Recipe, RecipeLine, RecipeSummary
from app.text import fold

_COLUMNS: Final = "id, no, name, kind, servings, archived_at, deleted_at, source, steps"


async def find_recipe(tenant: Tenant, no: int | None, name_key: str) -> Recipe | None:
    """Return the recipe with that number, else the one with that folded name."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {_COLUMNS} FROM recipes
        WHERE household_id = $1 AND deleted_at IS NULL AND (no = $2 OR name_key = $3)
        ORDER BY (no = $2) IS TRUE DESC LIMIT 1
        """,  # noqa: S608
        tenant.household_id,
        no,
        name_key,
    )
    return next(iter(await _with_lines(tenant, rows)), None)


async def recipes_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, Recipe]:
    """Return the recipes with these numbers, deleted ones included."""
    rows = await tenant.driver.fetch(
        f"SELECT {_COLUMNS} FROM recipes WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {recipe.no: recipe for recipe in await _with_lines(tenant, rows)}


async def recipes_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, Recipe]:
    """Return the recipes with these ids, deleted ones included."""
    rows = await tenant.driver.fetch(
        f"SELECT {_COLUMNS} FROM recipes WHERE household_id = $1 AND id = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(ids),
    )
    return {recipe.id: recipe for recipe in await _with_lines(tenant, rows)}


async def read_recipes(tenant: Tenant, after: str, limit: int, *, archived: bool | None = None) -> list[RecipeSummary]:
    """Return at most `limit` recipes in alphabetical order, behind the folded name `after`: those in use, those that
    are archived, or with None both."""
    rows = await tenant.driver.fetch(
        """
        SELECT no, name, name_key, kind, servings,
               (SELECT count(*) FROM recipe_lines
                WHERE recipe_lines.household_id = $1 AND recipe_lines.recipe_id = recipes.id),
               archived_at IS NOT NULL
        FROM recipes WHERE household_id = $1 AND deleted_at IS NULL AND name_key > $2
          AND ($4::boolean IS NULL OR (archived_at IS NOT NULL) = $4)
        ORDER BY name_key LIMIT $3
        """,
        tenant.household_id,
        after,
        limit,
        archived,
    )
    return [RecipeSummary(*row) for row in rows]


async def next_number(tenant: Tenant) -> int:
    """Return the number of the next new recipe. Needs the write lock."""
    number: int = await tenant.driver.fetchval(
        "SELECT coalesce(max(no), 0) + 1 FROM recipes WHERE household_id = $1", tenant.household_id
    )
    return number


async def count_recipes(tenant: Tenant) -> int:
    """Return how many recipes the household has, archived ones included."""
    number: int = await tenant.driver.fetchval(
        "SELECT count(*) FROM recipes WHERE household_id = $1 AND deleted_at IS NULL", tenant.household_id
    )
    return number


async def save_recipe(tenant: Tenant, rev: int, saved: Recipe) -> None:
    """Store a new or changed recipe with its lines, and stamp it with `rev`. Needs the write lock."""
    await tenant.driver.execute(
        """
        INSERT INTO recipes (household_id, id, no, name, name_key, kind, servings, rev, archived_at, deleted_at,
            source, steps)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (household_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
            kind = excluded.kind, servings = excluded.servings, rev = excluded.rev,
            archived_at = excluded.archived_at, deleted_at = excluded.deleted_at,
            source = excluded.source, steps = excluded.steps
        """,
        tenant.household_id,
        saved.id,
        saved.no,
        saved.name,
        fold(saved.name),
        saved.kind,
        saved.servings,
        rev,
        saved.archived_at,
        saved.deleted_at,
        saved.source,
        saved.steps,
    )
    await tenant.driver.execute(
        "DELETE FROM recipe_lines WHERE household_id = $1 AND recipe_id = $2", tenant.household_id, saved.id
    )
    quantities = [line.quantity for line in saved.lines]
    await tenant.driver.execute(
        """
        INSERT INTO recipe_lines (household_id, recipe_id, position, name, note, measure, amount, unit)
        SELECT $1, $2, given.position, given.name, given.note, given.measure, given.amount, given.unit
        FROM unnest($3::text[], $4::text[], $5::text[], $6::numeric[], $7::text[]) WITH ORDINALITY
            AS given(name, note, measure, amount, unit, position)
        """,
        tenant.household_id,
        saved.id,
        [line.name for line in saved.lines],
        [line.note for line in saved.lines],
        ["none" if quantity is None else quantity.measure for quantity in quantities],
        [None if quantity is None else quantity.amount for quantity in quantities],
        [None if quantity is None else quantity.unit for quantity in quantities],
    )


async def _with_lines(tenant: Tenant, rows: Sequence[asyncpg.Record]) -> list[Recipe]:
    if not rows:
        return []
    found = await tenant.driver.fetch(
        """
        SELECT recipe_id, name, note, measure, amount, unit FROM recipe_lines
        WHERE household_id = $1 AND recipe_id = ANY($2) ORDER BY recipe_id, position
        """,
        tenant.household_id,
        [row["id"] for row in rows],
    )
    lines: dict[UUID, list[RecipeLine]] = {}
    for recipe_id, name, note, measure, amount, unit in found:
        quantity = None if amount is None else Quantity(measure, amount, unit)
        lines.setdefault(recipe_id, []).append(RecipeLine(name, quantity, note))
    return [_recipe_of(row, lines.get(row["id"], [])) for row in rows]


def _recipe_of(row: asyncpg.Record, lines: Sequence[RecipeLine]) -> Recipe:
    values: dict[str, Any] = dict(row)
    return Recipe(**values, lines=tuple(lines))
