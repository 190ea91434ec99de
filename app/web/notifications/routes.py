"""Routes of the page of notifications."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.alerts.letters import UNSUBSCRIBE
from app.ui.paths import NOTIFICATIONS
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.lists.forms import from_member
from app.web.notifications.forms import post_browser, post_end_browser, post_list_alert, post_settings, post_trial
from app.web.notifications.page import (
    BROWSER,
    END_BROWSER,
    RENEWAL,
    SETTINGS,
    TRIAL,
    show_notifications,
    show_renewal,
)
from app.web.notifications.unsubscribe import post_unsubscribe, show_unsubscribe

LIST = f"{NOTIFICATIONS}/lists/{{ref}}"


def notification_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes."""

    async def to_page(request: Request) -> Response:
        return web.kit.see_other(NOTIFICATIONS)

    return [
        page_route(web.kit, NOTIFICATIONS, partial(show_notifications, web)),
        page_route(web.kit, RENEWAL, partial(show_renewal, web)),
        page_route(web.kit, LIST, partial(from_member, web, post_list_alert), "POST"),
        page_route(web.kit, LIST, to_page),
        *form_routes(web.kit, BROWSER, partial(post_browser, web), NOTIFICATIONS),
        *form_routes(web.kit, END_BROWSER, partial(post_end_browser, web), NOTIFICATIONS),
        *form_routes(web.kit, TRIAL, partial(post_trial, web), NOTIFICATIONS),
        *form_routes(web.kit, SETTINGS, partial(post_settings, web), NOTIFICATIONS),
        page_route(web.kit, UNSUBSCRIBE, partial(show_unsubscribe, web)),
        page_route(web.kit, UNSUBSCRIBE, partial(post_unsubscribe, web), "POST"),
    ]
