"""Putting the recipes of planned days on a list, but for what is probably at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

from app.errors import AppError, Conflict, Invalid, LimitReached, NotFound
from app.households.tenant import Tenant
from app.lists.apply_recipe import factor_for, item_of, named_lines
from app.lists.items.add import add_parsed
from app.lists.items.fields import ParsedItem
from app.lists.models import Changed, ItemResult, NotListed
from app.lists.pantry.holdings import PROBABLY, Holding
from app.lists.pantry.read import probably_at_home
from app.lists.save_plan import refuse_archived
from app.recipes import plan_repository
from app.recipes.models import PLANNED_PER_CALL, PlannedDish, Recipe, RecipeLine
from app.recipes.repository import recipes_with

LINES_PER_PLAN: Final = 1_000
"""Items of all recipes that are put on a list in one call."""


@dataclass(slots=True)
class _Gathered:
    """What planned meals take, and what of them is no item."""

    lines: list[RecipeLine] = field(default_factory=list[RecipeLine])
    parsed: list[ParsedItem | AppError] = field(default_factory=list[ParsedItem | AppError])
    not_listed: list[ItemResult] = field(default_factory=list[ItemResult])
    names: dict[UUID, str] = field(default_factory=dict[UUID, str])


async def apply_plan(
    tenant: Tenant,
    first: date,
    last: date,
    list_name: str | None,
    servings: int | None,
    exclude: Sequence[str],
    *,
    include_pantry: bool,
) -> Changed:
    """Add what the recipes of these days take to a list, as `apply_recipe` adds each of them; what several take is
    merged.

    Amounts are for `servings`, else for those of each planned meal, else for those of its recipe. What is probably at
    home, and enough, stays off the list unless `include_pantry`, and is told with the evidence. So are meals of words
    alone; a recipe that can't be used is a refused entry. Raises `NotFound` when nothing is planned, `LimitReached` for
    too much, and as `apply_recipe` does.
    """
    if last < first:
        raise Invalid("plan_to is before plan_from.", field="plan_to")
    dishes = await plan_repository.read_plan(tenant, first, last, PLANNED_PER_CALL + 1)
    if not dishes:
        days = f"for {first}" if first == last else f"from {first} to {last}"
        message = f"Nothing is planned {days}. save_plan plans meals, and get_recipes with plan_from shows them."
        raise NotFound(message, field="plan_from")
    if len(dishes) > PLANNED_PER_CALL:
        raise LimitReached(f"More than {PLANNED_PER_CALL} meals are planned then. Take fewer days.", field="plan_to")
    recipes = await recipes_with(tenant, {each.planned.recipe_id for each in dishes if each.planned.recipe_id})
    gathered = _Gathered()
    for dish in dishes:
        _gather(gathered, dish, recipes, servings)
    if len(gathered.lines) > LINES_PER_PLAN:
        message = f"These days take more than {LINES_PER_PLAN:,} items. Take fewer days."
        raise LimitReached(message, field="plan_to")
    where = "the planned recipes"
    excluded = {
        number
        for place, name in enumerate(exclude)
        for number in named_lines(gathered.lines, where, name, f"exclude[{place}]")
    }
    wanted = [number for number in range(len(gathered.lines)) if number not in excluded]
    if not include_pantry:
        wanted = await _without_what_is_at_home(tenant, gathered, wanted)
    names = [gathered.lines[number].name for number in wanted]
    parsed = [gathered.parsed[number] for number in wanted]
    added = await add_parsed(tenant, "apply_recipe", names, parsed, list_name, "merge", all_or_nothing=False)
    return replace(added, entries=[*gathered.not_listed, *added.entries], names={**added.names, **gathered.names})


def _gather(gathered: _Gathered, dish: PlannedDish, recipes: Mapping[UUID, Recipe], servings: int | None) -> None:
    """Note what a planned meal takes, or why it takes nothing."""
    planned = dish.planned
    recipe = None if planned.recipe_id is None else recipes.get(planned.recipe_id)
    if recipe is None:
        why = f"Planned for {planned.day} in words, without a recipe."
        gathered.not_listed.append(ItemResult(dish.name, NotListed("not_listed", dish.name, why)))
        return
    try:
        if dish.is_deleted:
            raise Conflict(f"{recipe.ref}, planned for {planned.day}, was deleted.", field="plan_from")
        refuse_archived(recipe, "plan_from")
        factor = factor_for(recipe, servings if servings is not None else planned.servings)
    except AppError as refusal:
        gathered.not_listed.append(ItemResult(recipe.name, refusal, ref=recipe.ref))
        return
    gathered.names[recipe.id] = recipe.name
    gathered.lines += recipe.lines
    gathered.parsed += [item_of(line, recipe, factor) for line in recipe.lines]


async def _without_what_is_at_home(tenant: Tenant, gathered: _Gathered, wanted: Sequence[int]) -> list[int]:
    """Return the lines that are to be bought, and note the others with the evidence."""
    items = {number: item for number in wanted if isinstance(item := gathered.parsed[number], ParsedItem)}
    by_name: dict[str, list[ParsedItem]] = {}
    for item in items.values():
        by_name.setdefault(item.name_key, []).append(item)
    known = await probably_at_home(tenant, by_name)
    at_home = {
        name_key: holding
        for name_key, holding in known.items()
        if holding.confidence >= PROBABLY and _is_enough(holding, by_name.get(name_key, ()))
    }
    there = {number: item for number, item in items.items() if item.name_key in at_home}
    for item in there.values():
        holding = at_home[item.name_key]
        left = "" if holding.left is None else f", about {holding.left} left"
        why = f"Probably at home ({holding.confidence:.0%}): {holding.evidence}{left}."
        gathered.not_listed.append(
            ItemResult(item.name, NotListed("at_home", item.name, why, item.quantity, holding=holding))
        )
    return [number for number in wanted if number not in there]


def _is_enough(holding: Holding, items: Sequence[ParsedItem]) -> bool:
    """Whether what is probably left covers what all recipes take of it, as far as the two are counted alike. It does
    where somebody said that it is there, and not how much."""
    if holding.left is None or (holding.said and holding.quantity is None):
        return True
    taken = (item.quantity.amount for item in items if item.quantity and item.quantity.measure == holding.left.measure)
    return sum(taken) <= holding.left.amount
