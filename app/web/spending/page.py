"""The page of what a household spent, and of who owes whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import anyio.to_thread
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.errors import gettext_noop
from app.households.tenant import Tenant
from app.lists.purchases.balances import Balances, read_balances
from app.lists.purchases.bars import bars_of
from app.lists.purchases.filters import FilterNames
from app.lists.purchases.spending import Spending, read_spending
from app.lists.purchases.spending_repository import SpendingGroup, Statistics
from app.ui.amounts import money
from app.ui.charts import MOST_BARS, BarChart
from app.ui.dates import month_name
from app.ui.languages import gettext
from app.ui.paths import SPENDING
from app.web.context import WebContext
from app.web.household.visit import at_household, memberships_at
from app.web.lists.visit import Visit
from app.web.spending.month import month_path

MOST_ROWS: Final = 50
"""Of a table: what is spent least is left out, and said to be."""

MOST_CURRENCIES: Final = 3

PERIODS: Final = {
    "12": gettext_noop("12 months"),
    "3": gettext_noop("3 months"),
    "1": gettext_noop("this month"),
    "all": gettext_noop("everything"),
}
"""How far back the page looks, by the parameter `months`."""

_TITLES: Final[dict[SpendingGroup, str]] = {
    "month": gettext_noop("By month"),
    "store": gettext_noop("By store"),
    "category": gettext_noop("By category"),
    "person": gettext_noop("By who bought it"),
}
_NONE: Final[dict[SpendingGroup, str]] = {
    "month": "",
    "store": gettext_noop("no store"),
    "category": gettext_noop("no category"),
    "person": gettext_noop("somebody who has left"),
}
"""What a group without a name is."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was spent in one currency by group: a drawing, and the same as rows with how many purchases each had, and
    with the path of the page of each that has one."""

    title: str
    heading: str
    currency: str
    rows: Sequence[tuple[str, str, int, str]]
    is_cut: bool
    drawing: Markup | None


async def show_spending(web: WebContext, request: Request) -> Response:
    """GET /spending."""
    visit = await at_household(web, SPENDING, request)
    if isinstance(visit, Response):
        return visit
    asked = request.query_params.get("months", "")
    months = asked if asked in PERIODS else next(iter(PERIODS))
    async with visit.household(web, write=False).open(write=False) as tenant:
        found = await _read(tenant, FilterNames(since=_since(visit, web.kit.clock(), months)))
        balances = await read_balances(tenant, FilterNames(), ())
    totals = next(iter(found.values())).totals
    tables = await anyio.to_thread.run_sync(partial(_tables, found, visit.membership.ref))  # drawing is work
    return web.kit.show(
        visit.session,
        "spending/spending.html",
        membership=visit.membership,
        memberships=await memberships_at(web, visit),
        periods=PERIODS,
        months=months,
        totals=[(money(each.total, each.currency), each.count) for each in totals],
        unpriced=next(iter(found.values())).unpriced,
        tables=tables,
        more_currencies=len(totals) > MOST_CURRENCIES,
        balances=_balances(balances),
        transfers=_transfers(balances),
    )


async def _read(tenant: Tenant, wanted: FilterNames) -> dict[SpendingGroup, Spending]:
    return {group_by: await read_spending(tenant, group_by, wanted) for group_by in _TITLES}


def _since(visit: Visit, now: datetime, months: str) -> datetime | None:
    """Return the beginning of the first month that is shown, in the household's time zone."""
    if months == "all":
        return None
    first = now.astimezone(visit.membership.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    for _ in range(int(months) - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _tables(found: dict[SpendingGroup, Spending], household_ref: str) -> list[Table]:
    return [
        _table(group_by, spending, whole, household_ref)
        for group_by, spending in found.items()
        for whole in spending.totals[:MOST_CURRENCIES]
    ]


def _table(group_by: SpendingGroup, spending: Spending, whole: Statistics, household_ref: str) -> Table:
    groups = [each for each in spending.groups if each.currency == whole.currency]
    paths = {}
    if group_by == "month":
        paths = {month_name(each.label or ""): month_path(household_ref, each.label or "") for each in groups}
        groups = [replace(each, label=month_name(each.label or "")) for each in groups]
    none = gettext(_NONE[group_by]) if _NONE[group_by] else ""
    bars = bars_of(groups, whole, group_by, MOST_BARS, none=none, others=gettext("the others"))
    title = f"{gettext(_TITLES[group_by])}, {whole.currency}"
    described = ", ".join(f"{label}: {money(total, whole.currency)}" for label, total in bars)
    shown = groups[-MOST_ROWS:] if group_by == "month" else groups[:MOST_ROWS]
    return Table(
        gettext(_TITLES[group_by]),
        title,
        whole.currency,
        [
            (each.label or none, money(each.total, whole.currency), each.count, paths.get(each.label or "", ""))
            for each in shown
        ],
        len(shown) < len(groups) or spending.more_groups,
        Markup(BarChart(title, bars).svg(described)) if bars else None,  # noqa: S704  # escaped as XML
    )


def _balances(found: Balances) -> list[tuple[str, str, str, str]]:
    """Return who paid how much, the fair share, and what is owed to them, or by them if it is below zero."""
    return [
        (
            found.names.get(each.person_id, gettext("somebody who has left")),
            money(each.paid, each.currency),
            money(each.share, each.currency),
            money(each.owed, each.currency),
        )
        for each in found.balances
    ]


def _transfers(found: Balances) -> list[tuple[str, str, str]]:
    def name(person: object) -> str:
        return next((name for each, name in found.names.items() if each == person), gettext("somebody who has left"))

    return [(name(each.payer), name(each.payee), money(each.amount, each.currency)) for each in found.transfers]
