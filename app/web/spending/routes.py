"""Routes of the pages of what a household spent."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import SPENDING
from app.ui.routes import page_route
from app.web.context import WebContext
from app.web.spending.month import show_month
from app.web.spending.page import show_spending


def spending_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes."""
    return [
        page_route(web.kit, SPENDING, partial(show_spending, web)),
        page_route(web.kit, f"{SPENDING}/{{month}}", partial(show_month, web)),
    ]
