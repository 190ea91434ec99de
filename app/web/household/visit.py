"""Who is at a page about one of their households, where the first one is meant unless the address names another."""

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import NotFound
from app.households.models import Membership
from app.households.repository import memberships_of
from app.limits.defaults import LIST_PAGES
from app.ui.paths import HOUSEHOLD as HOUSEHOLD_PAGE
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.lists.visit import HOUSEHOLD, NO_LIST, Visit


async def at_household(web: WebContext, path: str, request: Request) -> Visit | Response:
    """Return who is at the page at `path`, or the way to the sign-in page, or to the households of somebody in none.

    Raises `NotFound` for a household that isn't theirs, whether it exists or not, and `RateLimited`.
    """
    session = await web.kit.read_session(request)
    if session.person is None:
        query = request.url.query
        return web.kit.see_other(f"{SIGN_IN}?{urlencode({'next': f'{path}?{query}' if query else path})}")
    await web.limiter.check(LIST_PAGES, session.person.id)
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, session.person.id)
    if not memberships:
        return web.kit.see_other(HOUSEHOLD_PAGE)
    ref = request.query_params.get(HOUSEHOLD, "")
    found = next((each for each in memberships if not ref or each.ref == ref), None)
    if found is None:
        raise NotFound(NO_LIST)
    return Visit(session, session.person, found)


async def memberships_at(web: WebContext, visit: Visit) -> Sequence[Membership]:
    """Return all households of the person at a page, which it may be changed to."""
    async with transaction(web.kit.engine) as connection:
        return await memberships_of(connection, visit.person.id)
