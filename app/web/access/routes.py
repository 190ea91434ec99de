"""Routes of the page of who has access."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import ACCESS
from app.ui.routes import form_routes, page_route
from app.web.access.api_keys import post_new_key
from app.web.access.forms import post_end, post_end_session, post_widen
from app.web.access.page import END, END_SESSION, NEW_KEY, WIDEN, show_access
from app.web.context import WebContext


def access_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Seeing and ending what has access is for everyone, however they sign in."""
    return [
        page_route(web.kit, ACCESS, partial(show_access, web)),
        *form_routes(web.kit, END, partial(post_end, web), ACCESS),
        *form_routes(web.kit, WIDEN, partial(post_widen, web), ACCESS),
        *form_routes(web.kit, END_SESSION, partial(post_end_session, web), ACCESS),
        *form_routes(web.kit, NEW_KEY, partial(post_new_key, web), ACCESS),
    ]
