"""What a browser needs to send changes that it held without a signal: whose they may be, and proof for its forms."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.db import transaction
from app.households.repository import memberships_of
from app.limits.defaults import LIST_PAGES
from app.ui.languages import gettext as _
from app.ui.page_kit import kept_for
from app.ui.pages import page_headers
from app.ui.paths import LISTS
from app.web.context import WebContext
from app.web.lists.visit import FORM, NO_LIST

FORM_TOKENS = f"{LISTS}/form-tokens"


async def show_form_tokens(web: WebContext, request: Request) -> Response:
    """GET: who is signed in, a token for each of their households, and what to say of changes that can't be sent.

    Without anybody signed in, nobody is named and there are no tokens. Scripts of other origins can't read it.
    """
    session = await web.kit.read_session(request)
    tokens = dict[str, str]()
    if session.person is not None:
        await web.limiter.check(LIST_PAGES, session.person.id)
        async with transaction(web.kit.engine) as connection:
            memberships = await memberships_of(connection, session.person.id)
        tokens = {each.ref: web.kit.csrf_token(session, FORM, each.ref) for each in memberships}
    answer = {
        "person": None if session.person is None else kept_for(session.person),
        "tokens": tokens,
        "words": {
            "gone": _(NO_LIST),
            "unsure": _("It was sent, but no answer came for a day. See whether it is on the list."),
            "old": _("It has waited for too long."),
            "refused": _("The service could not take it."),
        },
    }
    return JSONResponse(answer, headers=dict(page_headers()))
