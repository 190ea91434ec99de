"""Routes of the page of the meal plan."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import PLAN
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.lists.forms import from_member
from app.web.plan.page import FORMS, post_plan, show_plan


def plan_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Browsers that reopen the answer to a form get the page that it is on."""
    return [
        page_route(web.kit, PLAN, partial(show_plan, web)),
        *(
            route
            for form in FORMS
            for route in form_routes(
                web.kit, f"{PLAN}/{form}", partial(from_member, web, partial(post_plan, form)), PLAN
            )
        ),
    ]
