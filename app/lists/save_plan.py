"""Planning meals: which days have which recipes or words, and taking them off the plan again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from app.db import new_id
from app.errors import AppError, Conflict, Invalid, LimitReached
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import MealChange, as_json
from app.lists.history.repository import insert_event
from app.lists.models import Changed, ItemResult, PlanOutcome
from app.recipes import plan_repository
from app.recipes.models import (
    MEAL_LENGTH,
    NAME_LENGTH,
    PLANNED_MEALS,
    PLANNED_PER_CALL,
    PlannedDish,
    PlannedMeal,
    Recipe,
)
from app.recipes.parsing import parse_servings
from app.recipes.resolve_recipe import resolve_recipe
from app.text import clean, fold


@dataclass(frozen=True, slots=True)
class NewMeal:
    """An entry as a call names it: a recipe, by name or ref, or words."""

    day: date
    recipe: str | None = None
    text: str | None = None
    servings: int | None = None
    meal: str | None = None

    @property
    def name(self) -> str:
        """The text by which it is told apart from the others."""
        return self.recipe or self.text or self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Clearing:
    """Days from which the plan is cleared first, both included; with `meal`, only of that meal, and with `planned` only
    of those planned meals."""

    first: date
    last: date
    meal: str | None = None
    planned: Collection[UUID] | None = None


async def save_plan(tenant: Tenant, entries: Sequence[NewMeal], clearing: Clearing | None) -> Changed:
    """Clear days, then plan entries; one that can't be used reports why, and the others still happen.

    What is planned for that meal already gets the servings of the entry, if it says how many. Raises `Invalid` for a
    call without anything to do and for days that end before they begin, and `LimitReached` for too many entries.
    """
    if not entries and clearing is None:
        raise Invalid("entries is missing: plan something, or name days to clear.", field="entries")
    if len(entries) > PLANNED_PER_CALL:
        message = f"At most {PLANNED_PER_CALL} meals are planned in one call. Plan the others in another one."
        raise LimitReached(message, field="entries")
    if clearing is not None and clearing.last < clearing.first:
        raise Invalid("clear_to is before clear_from.", field="clear_to")
    clock = await repository.read_clock(tenant)
    parsed = [await _parse(tenant, entry, f"entries[{number}]") for number, entry in enumerate(entries)]
    plan = await _Plan.read(tenant, [each.planned for each in parsed if isinstance(each, PlannedDish)], clearing)
    results = [
        ItemResult(entry.name, each if isinstance(each, AppError) else plan.put(each, f"entries[{number}]"))
        for number, (entry, each) in enumerate(zip(entries, parsed, strict=True))
    ]
    removed = plan.removed()
    results += [ItemResult(each.name, PlanOutcome("removed", each)) for each in await _dishes_of(tenant, removed)]
    changes = [*plan.changes(), *(MealChange(each, None) for each in removed)]
    if not changes:
        return Changed([], clock.rev, results, None)
    await plan_repository.delete_meals(tenant, [each.id for each in removed])
    await plan_repository.save_meals(tenant, [each.after for each in changes if each.after is not None])
    event_no = await insert_event(tenant, "save_plan", None, await as_json(changes))
    return Changed([], clock.rev, results, event_no)


class _Plan:
    """The plan as a call changes it."""

    def __init__(
        self,
        stored: Sequence[PlannedMeal],
        wanted: Sequence[PlannedMeal],
        to_clear: Sequence[PlannedMeal],
        total: int,
    ) -> None:
        self._before = {each.id: each for each in stored}
        self._now = {each.key: each for each in stored}
        self._last = {each.day: each.position for each in stored}
        kept = {found.id for each in wanted if (found := self._now.get(each.key)) is not None}
        self._to_clear = {each.id for each in to_clear} - kept
        self._room = PLANNED_MEALS - total + len(self._to_clear)

    @classmethod
    async def read(cls, tenant: Tenant, wanted: Sequence[PlannedMeal], clearing: Clearing | None) -> "_Plan":
        """Read the days that the call is about."""
        first, last = (date.max, date.min) if clearing is None else (clearing.first, clearing.last)
        stored = await plan_repository.meals_of_days(tenant, {each.day for each in wanted}, first, last)
        meal = None if clearing is None or clearing.meal is None else fold(clearing.meal[:MEAL_LENGTH])
        planned = None if clearing is None else clearing.planned
        to_clear = [
            each
            for each in stored
            if first <= each.day <= last
            and (meal is None or fold(each.meal or "") == meal)
            and (planned is None or each.id in planned)
        ]
        return cls(stored, wanted, to_clear, await plan_repository.count_meals(tenant))

    def put(self, dish: PlannedDish, field: str) -> PlanOutcome | AppError:
        """Plan a meal, or refuse it."""
        planned = dish.planned
        found = self._now.get(planned.key)
        if found is not None:
            is_new = found.id not in self._before
            after = found if planned.servings is None else replace(found, servings=planned.servings)
            self._now[after.key] = after
            status = "unchanged" if after == found else "planned" if is_new else "updated"
            return PlanOutcome(status, replace(dish, planned=after), before=found if status == "updated" else None)
        if self._room <= 0:
            message = f"The plan has {PLANNED_MEALS:,} meals. Clear days that are over with clear_from and clear_to."
            return LimitReached(message, field=field)
        self._room -= 1
        position = self._last.get(planned.day, 0) + 1
        self._last[planned.day] = position
        after = replace(planned, position=position)
        self._now[after.key] = after
        return PlanOutcome("planned", replace(dish, planned=after))

    def removed(self) -> list[PlannedMeal]:
        """Return the meals that are cleared and not planned anew."""
        return [each for each in self._before.values() if each.id in self._to_clear]

    def changes(self) -> list[MealChange]:
        """Return the meals that are new or changed."""
        return [
            MealChange(before, after) for after in self._now.values() if after != (before := self._before.get(after.id))
        ]


async def _parse(tenant: Tenant, entry: NewMeal, field: str) -> PlannedDish | AppError:
    """Return an entry with the recipe that it names, or its refusal."""
    try:
        if (entry.recipe is None) == (entry.text is None):
            raise Invalid(f"{field} needs recipe or text, one of the two.", field=f"{field}.recipe")
        meal = None if entry.meal is None else clean(entry.meal, f"{field}.meal", MEAL_LENGTH)
        servings = None if entry.servings is None else parse_servings(entry.servings, f"{field}.servings")
        planned = PlannedMeal(new_id(), entry.day, 0, meal, servings=servings)
        if entry.text is not None:
            return PlannedDish(replace(planned, words=clean(entry.text, f"{field}.text", NAME_LENGTH)))
        recipe = await resolve_recipe(tenant, entry.recipe or "", field=f"{field}.recipe")
        refuse_archived(recipe, f"{field}.recipe")
        if servings is not None and recipe.servings is None:
            message = (
                f"{recipe.ref} doesn't say how many it is for. Set its servings with save_recipe, or leave them out."
            )
            raise Invalid(message, field=f"{field}.servings")
        return PlannedDish(replace(planned, recipe_id=recipe.id), recipe.no, recipe.name)
    except AppError as refusal:
        return refusal


def refuse_archived(recipe: Recipe, field: str) -> None:
    """Raise `Conflict` for a recipe that was put away."""
    if recipe.archived_at is not None:
        message = f"{recipe.ref} is archived. save_recipe with archived=false brings it back into use."
        raise Conflict(message, field=field, candidates=[f"{recipe.name} ({recipe.ref})"])


async def _dishes_of(tenant: Tenant, meals: Sequence[PlannedMeal]) -> list[PlannedDish]:
    """Return meals with the names of their recipes."""
    named = await plan_repository.recipe_names(tenant, {each.recipe_id for each in meals if each.recipe_id is not None})
    return [PlannedDish(each, *named.get(each.recipe_id, (None, None))) for each in meals]
