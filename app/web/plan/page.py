"""The page of a week of the meal plan."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError
from app.households.tenant import Tenant
from app.lists.models import Changed
from app.recipes.models import MEAL_LENGTH
from app.ui.forms import Fields
from app.ui.paths import PLAN, recipe_path
from app.web.context import WebContext
from app.web.household.visit import at_household
from app.web.kitchen import Refused, kitchen_context, lists_to_choose, refused
from app.web.lists.acts import undo_named
from app.web.lists.changes import make_change
from app.web.lists.said import Done, for_people
from app.web.lists.visit import Visit
from app.web.plan import acts
from app.web.plan.acts import days_to_buy_for
from app.web.plan.week import days_from, monday_of, read_week

_WEEK: Final = timedelta(days=7)

Act = Callable[[Tenant, Fields], Awaitable[Changed]]


FORMS: Final[dict[str, tuple[Act, str]]] = {
    "add": (acts.add, "save_plan"),
    "remove": (acts.remove, "save_plan"),
    "move": (acts.move, "save_plan"),
    "apply": (acts.put_on_list, "apply_recipe"),
    "undo": (undo_named, "undo"),
}
"""The forms, each by the last part of its path, with what it does and the kind of its event."""


async def show_plan(web: WebContext, request: Request) -> Response:
    """GET /plan."""
    visit = await at_household(web, PLAN, request)
    if isinstance(visit, Response):
        return visit
    return await _page(web, visit, monday_of(request.query_params.get("week", ""), visit.membership.today))


async def post_plan(form: str, web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of a form of the page: make its change, and show the week that it is on, with what became of it."""
    act, kind = FORMS[form]
    monday = monday_of(fields.one("week"), visit.membership.today)

    async def change(tenant: Tenant) -> Changed:
        return await act(tenant, fields)

    try:
        done = await make_change(web, request, visit, fields, kind, change)
    except AppError as error:
        day = fields.one("day")
        if form == "add" and day in [each.isoformat() for each in days_from(monday)]:
            # Every day has a form of its own.
            refusal = refused(for_people(error), f"add-{day}", fields, ("dish", "meal", "servings"))
        else:
            refusal = refused(for_people(error), form, fields, ("list",) if form == "apply" else ())
        return await _page(web, visit, monday, refusal=refusal)
    return await _page(web, visit, monday, done=done)


async def _page(
    web: WebContext, visit: Visit, monday: date, *, done: Done | None = None, refusal: Refused | None = None
) -> Response:
    async with visit.household(web, write=False).open(write=False) as tenant:
        week = await read_week(tenant, monday)
        lists = await lists_to_choose(tenant)
    first, _ = days_to_buy_for(monday, visit.membership.today)
    return web.kit.show(
        visit.session,
        "plan/plan.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, done, refusal),
        week=week,
        monday=monday,
        before=monday - _WEEK,
        after=monday + _WEEK,
        is_partly_over=first != monday,
        lists=lists,
        meal_length=MEAL_LENGTH,
        recipe_address=recipe_path,
    )
