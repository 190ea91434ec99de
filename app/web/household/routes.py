"""Routes of the page of a person's households."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import HOUSEHOLD
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.household.forms import FORMS, post_household
from app.web.household.guests import END, SHARE, post_end_guest, post_share
from app.web.household.page import show_household
from app.web.household.transfer import EXPORT, IMPORT, post_export, post_import


def household_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes."""
    forms = {
        **{path: partial(post_household, web, path) for path in FORMS},
        SHARE: partial(post_share, web),
        END: partial(post_end_guest, web),
        EXPORT: partial(post_export, web),
        IMPORT: partial(post_import, web),
    }
    return [
        page_route(web.kit, HOUSEHOLD, partial(show_household, web)),
        *(route for path, post in forms.items() for route in form_routes(web.kit, path, post, HOUSEHOLD)),
    ]
