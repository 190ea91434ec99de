"""The page of a month's purchases, which a row of the page of spending leads to."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Invalid, NotFound
from app.lists.purchases.filters import FilterNames
from app.lists.purchases.queries import read_purchases
from app.lists.purchases.spending import read_spending
from app.ui.amounts import money
from app.ui.dates import month_name
from app.ui.paths import SPENDING
from app.web.context import WebContext
from app.web.household.visit import at_household, memberships_at
from app.web.lists.content import LONGEST_CURSOR
from app.web.lists.visit import HOUSEHOLD

PURCHASES: Final = 50
"""On a page."""

_MONTH: Final = re.compile(r"(19\d\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])")


async def show_month(web: WebContext, request: Request) -> Response:
    """GET of a month. Raises `NotFound` for what is none."""
    month: str = request.path_params["month"]
    if _MONTH.fullmatch(month) is None:
        raise NotFound("There is no such month.")
    visit = await at_household(web, f"{SPENDING}/{month}", request)
    if isinstance(visit, Response):
        return visit
    since, until = _bounds(month, visit.membership.zone)
    wanted = FilterNames(since=since, until=until)
    cursor = request.query_params.get("cursor", "")[:LONGEST_CURSOR]
    async with visit.household(web, write=False).open(write=False) as tenant:
        spent = await read_spending(tenant, "month", wanted)
        try:
            page = await read_purchases(tenant, wanted, cursor or None, PURCHASES)
        except Invalid:
            cursor, page = "", await read_purchases(tenant, wanted, None, PURCHASES)
    return web.kit.show(
        visit.session,
        "spending/month.html",
        membership=visit.membership,
        memberships=await memberships_at(web, visit),
        zone=visit.membership.zone,
        month=month,
        title=month_name(month),
        totals=[(money(each.total, each.currency), each.count) for each in spent.totals],
        unpriced=spent.unpriced,
        bought=[each.purchase for each in page.bought],
        names=page.names,
        money=money,
        cursor=cursor,
        here=month_path(visit.membership.ref, month),
        older=page.next_cursor and month_path(visit.membership.ref, month, page.next_cursor),
    )


def month_path(household_ref: str, month: str, cursor: str = "") -> str:
    """Return the path of the page of a month, such as `2026-11`."""
    query = {HOUSEHOLD: household_ref, "cursor": cursor} if cursor else {HOUSEHOLD: household_ref}
    return f"{SPENDING}/{month}?{urlencode(query)}"


def _bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a month begins in the household, and when the next one does."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return datetime(first.year, first.month, 1, tzinfo=zone), datetime(following.year, following.month, 1, tzinfo=zone)
