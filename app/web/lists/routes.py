"""Routes of the pages of lists."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.ui.paths import LISTS, list_path
from app.ui.routes import page_route
from app.web.context import WebContext
from app.web.lists.acts import FORMS
from app.web.lists.forms import FormHandler, from_member
from app.web.lists.held import FORM_TOKENS, show_form_tokens
from app.web.lists.history import show_changes
from app.web.lists.item import post_item, show_item
from app.web.lists.live import show_live
from app.web.lists.overview import NEW_LIST, post_new_list, show_lists
from app.web.lists.page import post_list, show_items, show_list, show_names
from app.web.lists.settings import post_settings, show_settings
from app.web.lists.visit import HOUSEHOLD, VisitHandler, as_member

LIST = f"{LISTS}/{{ref}}"


def list_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Browsers that reopen the answer to a form get the page that it is on."""
    pages: dict[str, VisitHandler] = {
        LIST: partial(show_list, "list"),
        f"{LIST}/shop": partial(show_list, "shop"),
        f"{LIST}/items": show_items,
        f"{LIST}/names": show_names,
        f"{LIST}/live": show_live,
        f"{LIST}/changes": show_changes,
        f"{LIST}/settings": show_settings,
        f"{LIST}/items/{{item}}": show_item,
    }
    forms: dict[str, FormHandler] = {
        **{f"{LIST}/{form}": partial(post_list, form) for form in FORMS},
        f"{LIST}/settings": post_settings,
        f"{LIST}/items/{{item}}": post_item,
    }
    return [
        page_route(web.kit, LISTS, partial(show_lists, web)),
        page_route(web.kit, FORM_TOKENS, partial(show_form_tokens, web)),
        page_route(web.kit, NEW_LIST, partial(from_member, web, post_new_list), "POST"),
        page_route(web.kit, NEW_LIST, partial(_to_lists, web)),
        *(page_route(web.kit, path, partial(as_member, web, page)) for path, page in pages.items()),
        *(page_route(web.kit, path, partial(from_member, web, form), "POST") for path, form in forms.items()),
        *(page_route(web.kit, path, partial(_to_list, web)) for path in forms if path not in pages),
    ]


async def _to_lists(web: WebContext, request: Request) -> Response:
    return web.kit.see_other(LISTS)


async def _to_list(web: WebContext, request: Request) -> Response:
    return web.kit.see_other(list_path(request.query_params.get(HOUSEHOLD, ""), request.path_params["ref"]))
