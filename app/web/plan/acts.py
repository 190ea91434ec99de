"""What the forms of the plan do, by the use cases that the tools call as well."""

from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from app.errors import AppError, Conflict, Invalid, LimitReached, NotFound, gettext_noop
from app.households.tenant import Tenant
from app.lists.apply_plan import apply_plan
from app.lists.models import Changed, ItemResult, PlanOutcome
from app.lists.save_plan import Clearing, NewMeal, save_plan
from app.recipes.models import NAME_LENGTH, PlannedMeal
from app.recipes.plan_repository import meals_with, recipe_names
from app.recipes.repository import find_recipe
from app.text import clean, fold
from app.ui.forms import Fields
from app.web.kitchen import chosen_list, day_in, servings_in
from app.web.lists.said import raise_refusal
from app.web.plan.week import days_from, monday_of

GONE: Final = gettext_noop("That is not on the plan any more.")
NOT_IN_USE: Final = gettext_noop("This recipe was put away or deleted. Bring it back into use first.")


async def add(tenant: Tenant, fields: Fields) -> Changed:
    """Plan the dish in the field `dish` for a day: a recipe of exactly that name, or else words."""
    dish = clean(fields.one("dish"), "dish", NAME_LENGTH)
    servings, meal = servings_in(fields), fields.one("meal").strip()
    recipe = await find_recipe(tenant, None, fold(dish))
    if recipe is not None and recipe.servings is None and servings is not None:
        raise Invalid("This recipe doesn't say how many it is for. Leave the portions out.", field="servings")
    entry = NewMeal(
        day_in(fields, "day"),
        recipe=None if recipe is None else recipe.ref,
        text=dish if recipe is None else None,
        servings=servings,
        meal=meal or None,
    )
    return _of_one(await save_plan(tenant, [entry], None))


async def remove(tenant: Tenant, fields: Fields) -> Changed:
    """Take the planned meal in the field `planned` off the plan."""
    meal = await _planned(tenant, fields)
    return await save_plan(tenant, [], Clearing(meal.day, meal.day, planned={meal.id}))


async def move(tenant: Tenant, fields: Fields) -> Changed:
    """Move the planned meal in the field `planned` to the day in the field `to`."""
    meal, to = await _planned(tenant, fields), day_in(fields, "to")
    if to == meal.day:
        return await save_plan(tenant, [], Clearing(meal.day, meal.day, planned=set()))
    named = await recipe_names(tenant, [meal.recipe_id] if meal.recipe_id is not None else [])
    number, _ = named.get(meal.recipe_id, (None, ""))
    entry = NewMeal(to, None if number is None else f"R{number}", meal.words, meal.servings, meal.meal)
    changed = _of_one(await save_plan(tenant, [entry], Clearing(meal.day, meal.day, planned={meal.id})))
    return replace(changed, entries=[each for each in changed.entries if not _is_removal(each)])


async def put_on_list(tenant: Tenant, fields: Fields) -> Changed:
    """Put what the recipes of a week take on a list, of this week those of today and later."""
    first, last = days_to_buy_for(monday_of(fields.one("week"), tenant.today), tenant.today)
    on = await chosen_list(tenant, fields)
    try:
        applied = await apply_plan(tenant, first, last, on, None, (), include_pantry=fields.one("all") == "1")
    except NotFound as error:
        raise NotFound("Nothing is planned for these days.") if error.field == "plan_from" else error from None
    except LimitReached as error:
        raise (
            LimitReached("These days take more than fits on a list at once.") if error.field == "plan_to" else error
        ) from None
    return replace(applied, entries=[_for_people(each) for each in applied.entries])


def days_to_buy_for(monday: date, today: date) -> tuple[date, date]:
    """Return the first and the last day of a week that are bought for: of this week, those that aren't over."""
    days = days_from(monday)
    return max(today, monday) if today <= days[-1] else monday, days[-1]


async def _planned(tenant: Tenant, fields: Fields) -> PlannedMeal:
    try:
        planned = UUID(fields.one("planned"))
    except ValueError:
        raise NotFound(GONE) from None
    found = (await meals_with(tenant, [planned])).get(planned)
    if found is None:
        raise NotFound(GONE)
    return found


def _of_one(changed: Changed) -> Changed:
    """Return what a call about one meal did. Raises why it wasn't done."""
    for each in changed.entries:
        if isinstance(each.result, Conflict):
            raise Conflict(NOT_IN_USE, field="dish")
    raise_refusal(changed)
    return changed


def _is_removal(entry: ItemResult) -> bool:
    return isinstance(entry.result, PlanOutcome) and entry.result.status == "removed"


def _for_people(entry: ItemResult) -> ItemResult:
    is_refused = isinstance(entry.result, AppError) and entry.result.field == "plan_from"
    return ItemResult(entry.name, Conflict(NOT_IN_USE), ref=entry.ref) if is_refused else entry
