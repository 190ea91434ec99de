"""The page of a recipe: what it takes for how many people, and putting that on a list."""

import re
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, Conflict, Invalid, NotFound, gettext_noop
from app.households.tenant import Tenant
from app.lists.apply_recipe import apply_recipe, factor_for
from app.lists.models import Changed
from app.quantities.marks import remove_mark
from app.recipes.models import MOST_SERVINGS, Recipe
from app.recipes.repository import find_recipe
from app.recipes.scaling import scaled_lines
from app.ui.forms import Fields
from app.ui.paths import recipe_path
from app.web.context import WebContext
from app.web.kitchen import Refused, chosen_list, kitchen_context, lists_to_choose, refused, servings_in, whole_number
from app.web.lists.changes import make_change
from app.web.lists.said import Done, for_people
from app.web.lists.visit import Visit
from app.web.recipes.overview import UNDO

NO_RECIPE: Final = gettext_noop("There is no such recipe. It may have been deleted.")
PUT_AWAY: Final = gettext_noop("This recipe was put away. Bring it back into use first.")

_REF: Final = re.compile(r"R([1-9]\d{0,8})")


async def find_by_ref(tenant: Tenant, ref: str) -> Recipe:
    """Return the recipe with exactly this ref. Raises `NotFound`."""
    number = _REF.fullmatch(ref)
    found = None if number is None else await find_recipe(tenant, int(number[1]), "")
    if found is None:
        raise NotFound(NO_RECIPE)
    return found


async def show_recipe(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of a recipe, for as many as the parameter `servings` says."""
    servings = whole_number(request.query_params.get("servings", ""))
    is_possible = servings is not None and 1 <= servings <= MOST_SERVINGS
    return await recipe_page(web, visit, request.path_params["ref"], servings if is_possible else None)


async def post_apply(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of the form that puts what a recipe takes on a list."""
    ref = request.path_params["ref"]
    try:
        done = await make_change(web, request, visit, fields, "apply_recipe", partial(_apply, ref, fields))
    except AppError as error:
        refusal = refused(for_people(error), "apply", fields, ("servings", "list"))
        return await recipe_page(web, visit, ref, None, refusal=refusal)
    return await recipe_page(web, visit, ref, _servings_or_none(fields), done=done)


async def _apply(ref: str, fields: Fields, tenant: Tenant) -> Changed:
    recipe = await find_by_ref(tenant, ref)
    if recipe.archived_at is not None:
        raise Conflict(PUT_AWAY)
    servings = servings_in(fields) if recipe.servings is not None else None
    return await apply_recipe(tenant, ref, await chosen_list(tenant, fields), servings, ())


async def recipe_page(
    web: WebContext,
    visit: Visit,
    ref: str,
    servings: int | None = None,
    *,
    done: Done | None = None,
    refusal: Refused | None = None,
) -> Response:
    """Show a recipe, with what a form did or why it didn't. Raises `NotFound`."""
    async with visit.household(web, write=False).open(write=False) as tenant:
        recipe = await find_by_ref(tenant, ref)
        lists = await lists_to_choose(tenant)
    servings = servings if recipe.servings is not None else None
    return web.kit.show(
        visit.session,
        "recipes/recipe.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, done, refusal),
        recipe=recipe,
        lines=scaled_lines(recipe, factor_for(recipe, servings)),
        steps=[remove_mark(each).text for each in (recipe.steps or "").splitlines()],
        servings=servings or recipe.servings,
        most_servings=MOST_SERVINGS,
        lists=lists,
        address=partial(recipe_path, visit.membership.ref, ref),
        undo_path=UNDO,
    )


def _servings_or_none(fields: Fields) -> int | None:
    try:
        return servings_in(fields)
    except Invalid:
        return None
