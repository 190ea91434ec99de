"""The page of a household's recipes."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Invalid
from app.recipes.browse import browse_recipes
from app.ui.forms import LONGEST_SHOWN
from app.ui.paths import RECIPES, recipe_path
from app.web.context import WebContext
from app.web.household.visit import at_household
from app.web.kitchen import Refused, kitchen_context
from app.web.lists.content import LONGEST_CURSOR
from app.web.lists.said import Done
from app.web.lists.visit import Visit

UNDO: Final = f"{RECIPES}/undo"


async def show_recipes(web: WebContext, request: Request) -> Response:
    """GET /recipes."""
    visit = await at_household(web, RECIPES, request)
    if isinstance(visit, Response):
        return visit
    query = request.query_params.get("q", "").replace("\0", "").strip()[:LONGEST_SHOWN]
    cursor = request.query_params.get("cursor", "")[:LONGEST_CURSOR]
    return await recipes_page(web, visit, query, cursor, is_away=request.query_params.get("away") == "1")


async def recipes_page(
    web: WebContext,
    visit: Visit,
    query: str = "",
    cursor: str = "",
    *,
    is_away: bool = False,
    done: Done | None = None,
    refusal: Refused | None = None,
) -> Response:
    """Show the recipes in use, or those that were put away, with what a form did or why it didn't."""
    async with visit.household(web, write=False).open(write=False) as tenant:
        try:
            page = await browse_recipes(tenant, query or None, cursor or None, archived=is_away)
        except Invalid:  # a cursor that is of no use any more, or a query that no name can have
            cursor = ""
            page = await browse_recipes(tenant, None, None, archived=is_away)
    return web.kit.show(
        visit.session,
        "recipes/overview.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, done, refusal),
        page=page,
        query=query,
        cursor=cursor,
        is_away=is_away,
        address=recipe_path,
        undo_path=UNDO,
    )
