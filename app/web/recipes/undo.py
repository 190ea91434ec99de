"""Undoing what the forms of recipes did."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, NotFound
from app.ui.forms import Fields
from app.web.context import WebContext
from app.web.kitchen import Refused, refused
from app.web.lists.acts import undo_named
from app.web.lists.changes import make_change
from app.web.lists.said import Done, for_people
from app.web.lists.visit import Visit
from app.web.recipes.overview import recipes_page
from app.web.recipes.recipe import recipe_page


async def post_undo(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of the button that undoes a change: undo it, and show the recipe that it was on, if that is still there."""
    try:
        done = await make_change(web, request, visit, fields, "undo", partial(undo_named, fields=fields))
    except AppError as error:
        return await _page(web, visit, fields.one("back"), refusal=refused(for_people(error), "undo", fields, ()))
    return await _page(web, visit, fields.one("back"), done=done)


async def _page(
    web: WebContext, visit: Visit, ref: str, *, done: Done | None = None, refusal: Refused | None = None
) -> Response:
    try:
        return await recipe_page(web, visit, ref, done=done, refusal=refusal)
    except NotFound:
        return await recipes_page(web, visit, done=done, refusal=refusal)
