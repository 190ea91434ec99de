"""Undoing what a call did to recipes and to the meal plan."""

from collections.abc import Sequence
from datetime import date

from app.errors import AppError, Conflict, LimitReached
from app.households.tenant import Tenant
from app.lists.history.changes import MealChange, RecipeChange
from app.lists.history.records import AnyRecord, MealRecord, RecipeRecord
from app.lists.history.undo_planning import undo_recipe, undo_whole
from app.lists.models import ItemResult, PlanOutcome, RecipeOutcome
from app.lists.repository import Clock
from app.lists.save_recipe import refuse_another_recipe, refuse_taken_recipe_name
from app.recipes import plan_repository
from app.recipes import repository as recipe_repository
from app.recipes.models import PLANNED_MEALS, PlannedDish


async def undo_recipes(
    tenant: Tenant, clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[RecipeChange]]:
    """Undo changes of recipes; what has changed since, or would have a name that is taken, is left alone."""
    recorded = [record for record in records if isinstance(record, RecipeRecord)]
    if not recorded:
        return [], []
    current = await recipe_repository.recipes_numbered(tenant, [record.recipe for record in recorded])
    entries: list[ItemResult] = []
    changes: list[RecipeChange] = []
    for record in recorded:
        before = current[record.recipe]
        plan = undo_recipe(record, before, clock.now)
        refusal = plan.conflict if not plan.restored else None
        if plan.restored and plan.after.deleted_at is None:
            try:
                await refuse_taken_recipe_name(tenant, plan.after, "undo_ref")
                if before.deleted_at is not None:
                    await refuse_another_recipe(tenant, "undo_ref")
            except AppError as error:
                refusal = error
        if refusal is not None:
            entries.append(ItemResult(before.name, refusal, ref=before.ref))
            continue
        if plan.restored:
            await recipe_repository.save_recipe(tenant, clock.rev, plan.after)
            changes.append(RecipeChange(before, plan.after))
        status = "undone" if plan.restored else "unchanged"
        entries.append(ItemResult(before.name, RecipeOutcome(status, plan.after, plan.conflict)))
    return entries, changes


async def undo_meals(
    tenant: Tenant, _clock: Clock, records: Sequence[AnyRecord]
) -> tuple[list[ItemResult], list[MealChange]]:
    """Undo changes of planned meals. One that has changed since is left alone, and none comes back that is planned
    again already, or that a full plan has no room for."""
    recorded = [record for record in records if isinstance(record, MealRecord)]
    if not recorded:
        return [], []
    current = await plan_repository.meals_with(tenant, [record.meal for record in recorded])
    meals = [meal for record in recorded for meal in (record.before, record.after) if meal is not None]
    recipes = {meal.recipe_id for meal in meals if meal.recipe_id is not None}
    named = await plan_repository.recipe_names(tenant, recipes)
    planned = await _planned_beside(tenant, recorded)
    room = PLANNED_MEALS - await plan_repository.count_meals(tenant)
    entries: list[ItemResult] = []
    changes: list[MealChange] = []
    for record in recorded:
        now = current.get(record.meal)
        shown = record.before or record.after
        assert shown is not None  # noqa: S101  # a record has one of them
        dish = PlannedDish(shown, *named.get(shown.recipe_id, (None, None)))
        status = undo_whole(record.before, record.after, now)
        if status is None:
            what = "was taken off the plan since" if now is None else "has changed since"
            message = f"What is planned for {(now or shown).day} {what}, and is left alone."
            entries.append(ItemResult(dish.name, Conflict(message, field="undo_ref")))
            continue
        if status == "undone" and now is None:  # it comes back
            if shown.key in planned:
                conflict = Conflict(f"{dish.name} is on the plan for {shown.day} again already.", field="undo_ref")
                entries.append(ItemResult(dish.name, conflict))
                continue
            room -= 1
            if room < 0:
                full = LimitReached("The plan is full by now. Clear days that are over.", field="undo_ref")
                entries.append(ItemResult(dish.name, full))
                continue
        if status == "undone":
            changes.append(MealChange(now, record.before))
        entries.append(ItemResult(dish.name, PlanOutcome(status, dish)))
    await plan_repository.delete_meals(tenant, [each.id for each in changes if each.after is None])
    await plan_repository.save_meals(tenant, [each.after for each in changes if each.after is not None])
    return entries, changes


async def _planned_beside(tenant: Tenant, recorded: Sequence[MealRecord]) -> set[object]:
    """Return what is planned by other meals for the days of those that are on record, by its key."""
    days = {each.before.day for each in recorded if each.before is not None}
    ids = {each.meal for each in recorded}
    found = await plan_repository.meals_of_days(tenant, days, date.max, date.min)
    return {each.key for each in found if each.id not in ids}
