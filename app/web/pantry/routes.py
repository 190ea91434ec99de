"""Routes of the page of the pantry."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import PANTRY
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.lists.forms import from_member
from app.web.pantry.page import FORMS, post_pantry, show_pantry


def pantry_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Browsers that reopen the answer to a form get the page that it is on."""
    return [
        page_route(web.kit, PANTRY, partial(show_pantry, web)),
        *(
            route
            for form in FORMS
            for route in form_routes(
                web.kit, f"{PANTRY}/{form}", partial(from_member, web, partial(post_pantry, form)), PANTRY
            )
        ),
    ]
