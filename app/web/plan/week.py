"""A week of the meal plan as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.households.tenant import Tenant
from app.recipes.models import PLANNED_PER_CALL, RECIPES_PER_HOUSEHOLD, PlannedDish
from app.recipes.plan_repository import read_plan
from app.recipes.repository import read_recipes
from app.web.kitchen import FIRST_YEAR, LAST_YEAR

_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A day with what is planned for it."""

    day: date
    dishes: Sequence[PlannedDish]


@dataclass(frozen=True, slots=True)
class Week:
    """The days from a Monday on; `is_cut` where more is planned than is shown. `recipes` are the names to choose."""

    days: Sequence[PlannedDay]
    is_cut: bool
    recipes: Sequence[str]


def monday_of(text: str, today: date) -> date:
    """Return the Monday of the week with a day that is written as `2026-12-24`, else of today's week."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        day = today
    return day - timedelta(days=day.weekday())


def days_from(monday: date) -> list[date]:
    """Return the days of a week."""
    return [monday + timedelta(days=number) for number in range(_DAYS)]


async def read_week(tenant: Tenant, monday: date) -> Week:
    """Return a week of the plan."""
    days = days_from(monday)
    dishes = await read_plan(tenant, days[0], days[-1], PLANNED_PER_CALL + 1)
    shown = dishes[:PLANNED_PER_CALL]
    recipes = await read_recipes(tenant, "", RECIPES_PER_HOUSEHOLD, archived=False)
    return Week(
        [PlannedDay(day, [each for each in shown if each.planned.day == day]) for day in days],
        len(dishes) > len(shown),
        [each.name for each in recipes if each.kind == "recipe"],
    )
