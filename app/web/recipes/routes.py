"""Routes of the pages of recipes."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.ui.paths import RECIPES, recipe_path
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.lists.forms import from_member
from app.web.lists.visit import HOUSEHOLD, as_member
from app.web.recipes.edit import NEW, post_edit, post_new, show_edit, show_new
from app.web.recipes.overview import UNDO, show_recipes
from app.web.recipes.recipe import post_apply, show_recipe
from app.web.recipes.undo import post_undo

RECIPE = f"{RECIPES}/{{ref}}"


def recipe_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Browsers that reopen the answer to a form get the page that it is on."""

    async def to_recipe(request: Request) -> Response:
        return web.kit.see_other(recipe_path(request.query_params.get(HOUSEHOLD, ""), request.path_params["ref"]))

    return [
        page_route(web.kit, RECIPES, partial(show_recipes, web)),
        *form_routes(web.kit, UNDO, partial(from_member, web, post_undo), RECIPES),
        page_route(web.kit, NEW, partial(show_new, web)),
        page_route(web.kit, NEW, partial(from_member, web, post_new), "POST"),
        page_route(web.kit, RECIPE, partial(as_member, web, show_recipe, choice=RECIPES)),
        page_route(web.kit, f"{RECIPE}/edit", partial(as_member, web, show_edit, choice=RECIPES)),
        page_route(web.kit, f"{RECIPE}/edit", partial(from_member, web, post_edit), "POST"),
        page_route(web.kit, f"{RECIPE}/apply", partial(from_member, web, post_apply), "POST"),
        page_route(web.kit, f"{RECIPE}/apply", to_recipe),
    ]
