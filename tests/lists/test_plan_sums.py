"""Whatever is planned: the plan on a list is the sum of its recipes on it, and undo restores list and plan."""

from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.db import Engine, open_transaction
from app.households.tenant import Tenant
from app.lists.apply_plan import apply_plan
from app.lists.apply_recipe import apply_recipe
from app.lists.models import Changed
from app.lists.save_plan import Clearing, NewMeal, save_plan
from app.lists.save_recipe import RecipeSettings, save_recipe
from app.recipes.models import PlannedMeal
from app.recipes.repository import recipes_with
from app.recipes.scaling import scale
from app.settings import Settings
from tests.lists.test_invariants import Household, Operation, new_household, undo

pytestmark = pytest.mark.anyio

FIRST = date(2026, 12, 7)
LINES = st.lists(
    st.sampled_from(["200 g flour", "1 kg Flour", "3 eggs", "1/3 lemon", "1/2 lemon", "2 cups milk", "1 can beans"])
    | st.sampled_from(["salt", "flour (sifted)", "100 ml milk", "2 bunches parsley"]),
    min_size=1,
    max_size=5,
    unique=True,
)


class Meal(NamedTuple):
    """A planned meal: a day from FIRST on, the number of its recipe, and how many come."""

    day: int
    recipe: int
    servings: int | None


RECIPES = st.lists(st.tuples(LINES, st.integers(1, 6)), min_size=1, max_size=4)
MEALS = st.lists(
    st.builds(Meal, st.integers(0, 3), st.integers(0, 3), st.none() | st.integers(1, 9)),
    min_size=1,
    max_size=6,
    unique_by=lambda meal: (meal.day, meal.recipe),
)
examples = hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ref(recipes: list[tuple[list[str], int]], meal: Meal) -> str:
    """The ref of a meal's recipe, of as many as there are."""
    return f"R{meal.recipe % len(recipes) + 1}"


def entry(recipes: list[tuple[list[str], int]], meal: Meal) -> NewMeal:
    return NewMeal(
        FIRST + timedelta(days=meal.day), recipe=ref(recipes, meal), servings=meal.servings, meal=str(meal.recipe)
    )


def plan(entries: list[NewMeal], clearing: Clearing | None = None) -> Operation:
    return lambda tenant: save_plan(tenant, entries, clearing)


def apply_days(first: int, last: int, list_name: str) -> Operation:
    days = FIRST + timedelta(days=first), FIRST + timedelta(days=last)
    return lambda tenant: apply_plan(tenant, *days, list_name, None, (), include_pantry=False)


def apply_one(name: str, list_name: str, servings: int | None) -> Operation:
    return lambda tenant: apply_recipe(tenant, name, list_name, servings, ())


async def done(household: Household, operation: Operation) -> Changed:
    changed = await household.do(operation)
    assert changed is not None
    return changed


async def cooking(engine: Engine, settings: Settings, recipes: list[tuple[list[str], int]]) -> Household:
    """A household with the lists L1 and L2 and these recipes."""
    household = await new_household(engine, settings)

    def save(number: int, lines: list[str], servings: int) -> Operation:
        async def operation(tenant: Tenant) -> Changed:
            saved = await save_recipe(
                tenant, None, RecipeSettings(name=f"Dish {number}", items=lines, servings=servings)
            )
            return Changed([], 0, (), saved.event_no)

        return operation

    for number, (lines, servings) in enumerate(recipes):
        await done(household, save(number, lines, servings))
    return household


async def on_list(household: Household, number: int) -> list[tuple[object, ...]]:
    """What is to be bought from a list, but for which item it is."""
    async with open_transaction(household.engine, household.actor.memberships[0].household_id) as opened:
        rows = await opened.driver.fetch(
            """
            SELECT items.name, measure, amount, unit, note, recipe_id FROM items JOIN lists ON lists.id = list_id
            WHERE lists.no = $1 AND items.deleted_at IS NULL ORDER BY position
            """,
            number,
        )
    return [tuple(row) for row in rows]


async def planned(household: Household) -> list[PlannedMeal]:
    """The plan as it is stored."""
    async with open_transaction(household.engine, household.actor.memberships[0].household_id) as opened:
        rows = await opened.driver.fetch(
            "SELECT id, day, position, meal, recipe_id, words, servings FROM planned_meals ORDER BY day, position, id"
        )
    return [PlannedMeal(*row) for row in rows]


@examples
@given(recipes=RECIPES, meals=MEALS)
async def test_a_plan_on_a_list_is_the_sum_of_its_recipes_on_it(
    engine: Engine, settings: Settings, recipes: list[tuple[list[str], int]], meals: list[Meal]
) -> None:
    household = await cooking(engine, settings, recipes)
    await done(household, plan([entry(recipes, meal) for meal in meals]))
    empty = await on_list(household, 1)
    whole = await done(household, apply_days(0, 3, "L1"))
    for meal in sorted(meals, key=lambda meal: meal.day):
        await done(household, apply_one(ref(recipes, meal), "L2", meal.servings))
    assert await on_list(household, 1) == await on_list(household, 2) != empty
    assert whole.event_no is not None
    await done(household, undo(whole.event_no))
    assert await on_list(household, 1) == empty


@examples
@given(recipes=RECIPES, meals=MEALS, first=st.integers(0, 3), last=st.integers(0, 3), more=MEALS)
async def test_any_change_of_a_plan_is_undone_and_done_again(
    engine: Engine,
    settings: Settings,
    recipes: list[tuple[list[str], int]],
    meals: list[Meal],
    first: int,
    last: int,
    more: list[Meal],
) -> None:
    household = await cooking(engine, settings, recipes)
    await done(household, plan([entry(recipes, meal) for meal in meals]))
    before = await planned(household)
    days = FIRST + timedelta(days=min(first, last)), FIRST + timedelta(days=max(first, last))
    call = plan([entry(recipes, meal) for meal in more], Clearing(*days))
    changed = await done(household, call)
    after = await planned(household)
    kept = {meal.id for meal in before if not days[0] <= meal.day <= days[1]}
    wanted = {(FIRST + timedelta(days=meal.day), str(meal.recipe)) for meal in more}
    assert kept <= {meal.id for meal in after}, "what is not cleared stays"
    assert {(meal.day, meal.meal) for meal in after if meal.id not in kept} <= wanted
    assert wanted <= {(meal.day, meal.meal) for meal in after}
    again = await done(household, call)
    assert (again.event_no, await planned(household)) == (None, after), "the same call again changes nothing"
    if changed.event_no is None:
        assert after == before
        return
    undone = await done(household, undo(changed.event_no))
    assert await planned(household) == before
    assert undone.event_no is not None
    await done(household, undo(undone.event_no))
    assert await planned(household) == after


@examples
@given(recipes=RECIPES, people=st.integers(1, 60))
async def test_a_recipe_that_is_scaled_there_and_back_is_the_same(
    engine: Engine, settings: Settings, recipes: list[tuple[list[str], int]], people: int
) -> None:
    """By way of the database: what is stored of a third is still a third."""
    household = await cooking(engine, settings, recipes)
    async with open_transaction(household.engine, household.actor.memberships[0].household_id) as opened:
        rows = await opened.driver.fetch("SELECT id FROM recipes")
        ids: list[UUID] = [row["id"] for row in rows]
    assert len(ids) == len(recipes)

    async def operation(tenant: Tenant) -> Changed:
        for recipe in (await recipes_with(tenant, ids)).values():
            factor = Fraction(people, recipe.servings or 1)
            for line in recipe.lines:
                if line.quantity is None:
                    continue
                there = scale(line.quantity, factor)
                if there is None:
                    continue
                back = scale(there, 1 / factor)
                assert back is not None
                assert abs(back.amount - line.quantity.amount) <= line.quantity.amount / 1_000
        return Changed([], 0, (), None)

    await done(household, operation)
