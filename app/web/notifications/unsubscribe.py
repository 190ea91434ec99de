"""Ending the daily letter from the letter itself, without a sign-in (RFC 8058)."""

from starlette.requests import Request
from starlette.responses import Response

from app.alerts.settings_repository import end_letters
from app.alerts.unsubscribing import person_of
from app.db import transaction
from app.ui.languages import gettext as _
from app.ui.pages import NO_REFERRER
from app.ui.paths import NOTIFICATIONS
from app.web.context import WebContext


async def show_unsubscribe(web: WebContext, request: Request) -> Response:
    """GET /notifications/unsubscribe: a button. Programs that open every link in a letter end nothing."""
    token = request.query_params.get("token", "")
    if person_of(token, web.secret_keys) is None:
        return _unknown(web)
    return web.kit.pages.page("notifications/unsubscribe.html", referrer=NO_REFERRER, token=token)


async def post_unsubscribe(web: WebContext, request: Request) -> Response:
    """POST /notifications/unsubscribe: from that button or a mail program, which has no cookie and sends no Origin.

    The token is all that is needed, and all that it can do is to end letters; twice is as good as once.
    """
    person_id = person_of(request.query_params.get("token", ""), web.secret_keys)
    if person_id is None:
        return _unknown(web)
    async with transaction(web.kit.engine) as connection:
        await end_letters(connection, person_id)
    return web.kit.pages.page(
        "done.html",
        referrer=NO_REFERRER,
        title=_("The daily letter has ended"),
        text=_("You get no more of them. You can choose them again on the page of notifications."),
        path=NOTIFICATIONS,
        label=_("Notifications"),
    )


def _unknown(web: WebContext) -> Response:
    return web.kit.pages.message(
        _("This link does not work"),
        _("It was not copied completely. Open the link in the letter, or sign in to choose what you hear of."),
        again=web.kit.url(NOTIFICATIONS),
        label=_("Notifications"),
    )
