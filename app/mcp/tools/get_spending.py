"""The tool `get_spending`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, WithJsonSchema

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.purchases import queries, spending
from app.lists.purchases.balances import read_balances
from app.lists.purchases.bars import bars_of
from app.lists.purchases.basket import price_basket
from app.lists.purchases.filters import FilterNames
from app.lists.purchases.queries import Purchases
from app.lists.purchases.spending import Spending
from app.lists.purchases.spending_repository import SpendingGroup, Statistics
from app.mcp.argument_types import OBJECTS, Time, in_zone
from app.mcp.prose import shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec, image_content
from app.mcp.tools.spending_views import (
    BalanceView,
    PriceView,
    PurchaseView,
    StatisticsView,
    StoreView,
    TransferView,
    UsualView,
    balance_views,
)
from app.scopes import LISTS_READ
from app.ui.charts import MOST_BARS, BarChart, LineChart, draw

MOST_CHARTS: Final = 3
MOST_SHARING: Final = 50

Show = Literal["totals", "purchases", "usual", "basket", "balances"]

_NOT_TAKEN: Final[dict[Show, tuple[str, ...]]] = {
    "totals": ("between", "cursor"),
    "purchases": ("between", "chart"),
    "usual": ("between", "chart", "cursor"),
    "basket": ("between", "chart", "cursor", "since", "until", "item", "store", "person"),
    "balances": ("chart", "cursor"),
}
"""Arguments that would be without effect."""


class Arguments(ToolArguments):
    """Which purchases, and what to tell of them."""

    show: Show = Field(
        default="totals",
        description="totals by group_by; purchases: one by one, newest first; usual: often bought, now on no list; "
        "basket: what the open items of list cost per store; balances: who owes whom",
    )
    since: Time | None = Field(default=None, description="From this day or time on, such as 2026-12-24")
    until: Time | None = Field(default=None, description="Before this day or time")
    group_by: SpendingGroup = Field(default="store", description="One row per group and currency")
    item: str | None = Field(default=None, description="Only this; totals add its price history", max_length=400)
    store: str | None = Field(default=None, description="Only bought there", max_length=100)
    person: str | None = Field(default=None, description="Only bought by this member", max_length=200)
    list: str | None = Field(default=None, description="Only items of it; for basket, default list", max_length=200)
    between: Annotated[Sequence[str], Field(max_length=MOST_SHARING)] | None = Field(
        default=None, description="Members who share; all if left out"
    )
    chart: bool = Field(
        default=False, description="Adds an SVG image per currency: totals of groups, or the item's price"
    )
    limit: int = Field(default=50, description="Purchases per page", ge=1, le=200)
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=200)


class Result(ToolResult):
    """What was asked for; the rest is absent."""

    item: str | None = Field(default=None, description="Its name")
    groups: Sequence[StatisticsView] | None = None
    more_groups: bool | None = Field(default=None, description="There is more than is shown")
    totals: Annotated[Sequence[StatisticsView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="By currency"
    )
    unpriced: int | None = Field(default=None, description="Purchases without a price, not counted above")
    history: Annotated[Sequence[PriceView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="Newest first, 100 at most"
    )
    purchases: Annotated[Sequence[PurchaseView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="name, at, quantity, store, price, by, times (in all)"
    )
    usual: Annotated[Sequence[UsualView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="name, times, last, every_days"
    )
    stores: Annotated[Sequence[StoreView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="Cheapest of most covered on top: total, covered, items (price, days), missing"
    )
    balances: Annotated[Sequence[BalanceView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="person, paid, share, settled, balance (below 0: owes)"
    )
    transfers: Annotated[Sequence[TransferView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="Even it out: payer, payee, amount"
    )
    next_cursor: str | None = None
    _charts: Sequence[str] = PrivateAttr(default=())
    _page: Purchases | None = PrivateAttr(default=None)

    def of(self, charts: Sequence[str] = (), page: Purchases | None = None) -> Self:
        """Return this result, with charts that are shown beside it, and the page that it was made of."""
        self._charts, self._page = charts, page
        return self

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Return the texts of every result, and the charts."""
        return [
            *super().content(structured),
            *(image_content(each.encode(), "image/svg+xml") for each in self._charts),
        ]

    def in_words(self) -> str:
        """One line of prose."""
        if self.purchases is not None:
            return f"Bought: {some_of([_bought(each) for each in self.purchases]) or 'nothing'}."
        if self.usual is not None:
            usual = [f"{shown_name(each.name)} ({each.times} times)" for each in self.usual]
            return f"Usually bought and on no list: {some_of(usual) or 'nothing'}."
        if self.stores is not None:
            stores = [f"{shown_name(each.store)} {_money(each.total, each.currency)}" for each in self.stores]
            covered = f" for {self.stores[0].covered} items" if self.stores else ""
            return f"By the last prices paid: {some_of(stores) or 'no prices known'}{covered}."
        if self.transfers is not None:
            due = [
                f"{shown_name(each.payer)} owes {shown_name(each.payee)} {_money(each.amount, each.currency)}"
                for each in self.transfers
            ]
            return f"{some_of(due) or 'Nobody owes anything'}."
        sums = ", ".join(_money(each.total, each.currency) for each in self.totals or ())
        return f"Spent {sums or 'nothing'} in {self.touched()} purchases with a price."

    def shortened(self, share: float) -> Self:
        """Show that share of what is shown; of single purchases, with a cursor behind them."""
        if self._page is not None:
            page = self._page.shortened(share)
            if page is self._page:
                return self
            purchases = (self.purchases or ())[: len(page.bought)]
            shorter = self.model_copy(update={"purchases": purchases, "next_cursor": page.next_cursor})
            return shorter.of(self._charts, page)
        if self.stores is not None and len(self.stores) == 1:
            (store,) = self.stores
            shorter = store.shortened(share)
            return self if shorter == store else self.model_copy(update={"stores": [shorter], "more_groups": True})
        kept = {
            name: found[: max(1, int(len(found) * share))]
            for name in ("groups", "history", "usual", "stores", "balances", "transfers")
            if (found := getattr(self, name))
        }
        if all(len(found) == len(getattr(self, name)) for name, found in kept.items()):
            return self
        cut = [name for name in kept if name != "history" and len(kept[name]) < len(getattr(self, name))]
        return self.model_copy(update={**kept, "more_groups": self.more_groups or bool(cut) or None}).of(self._charts)

    def touched(self) -> int:
        """How many purchases were counted, or things shown."""
        if self.totals is not None:
            return sum(each.count for each in self.totals)
        return len(self.purchases or self.usual or self.stores or self.balances or ())


def _money(amount: float, currency: str) -> str:
    return f"{amount:.2f} {currency}"


def _bought(each: PurchaseView) -> str:
    store = "" if each.store is None else f" at {shown_name(each.store)}"
    price = "" if each.price is None else f" for {_money(each.price, each.currency or '')}"
    return f"{shown_name(each.name)}{store}{price} ({each.at[:10]})"


async def get_spending(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what was bought and spent, from what was checked off or recorded: totals, mean, median and more per store,
    category, person, item or month; when, where and for how much something was last bought; what is usually bought but
    on no list; the cheapest store for a list by the household's own prices; who paid and who owes whom. Each currency
    by itself."""
    for name in _NOT_TAKEN[arguments.show]:
        if getattr(arguments, name) not in (None, False):
            raise Invalid(f"{name} has no effect with show={arguments.show}. Leave it out.", field=name)
    zone = tenant.membership.zone
    wanted = FilterNames(
        in_zone(arguments.since, zone),
        in_zone(arguments.until, zone),
        arguments.item,
        arguments.store,
        arguments.person,
        arguments.list,
    )
    match arguments.show:
        case "totals":
            return await _totals(tenant, arguments, wanted, zone)
        case "purchases":
            page = await queries.read_purchases(tenant, wanted, arguments.cursor, arguments.limit)
            purchases = [PurchaseView.of(each, page.names, zone) for each in page.bought]
            return Result(purchases=purchases, next_cursor=page.next_cursor).of(page=page)
        case "usual":
            usual = await queries.read_usual(tenant, wanted, arguments.limit + 1)
            shown = [UsualView.of(each, zone) for each in usual[: arguments.limit]]
            return Result(usual=shown, more_groups=len(usual) > len(shown) or None)
        case "basket":
            basket = await price_basket(tenant, arguments.list)
            return Result(stores=[StoreView.of(each) for each in basket.stores], more_groups=basket.is_cut or None)
        case "balances":
            found = await read_balances(tenant, wanted, arguments.between or ())
            balances, transfers = balance_views(found)
            return Result(balances=balances, transfers=transfers)


async def _totals(tenant: Tenant, arguments: Arguments, wanted: FilterNames, zone: ZoneInfo) -> Result:
    found = await spending.read_spending(tenant, arguments.group_by, wanted)
    result = Result(
        item=found.item,
        groups=[StatisticsView.of(each) for each in found.groups],
        more_groups=found.more_groups or None,
        totals=[StatisticsView.of(each) for each in found.totals],
        unpriced=found.unpriced or None,
        history=[PriceView.of(each, zone) for each in found.history] if arguments.item is not None else None,
    )
    return result.of(await draw(_charts(found, arguments))) if arguments.chart else result


def _charts(found: Spending, arguments: Arguments) -> list[BarChart | LineChart]:
    """Return a chart for each of the currencies in which most was spent, if anything of it is among what is shown."""
    totals = found.totals[:MOST_CHARTS]
    if arguments.item is None:
        charts = [_bars(found.groups, each, arguments.group_by) for each in totals]
        return [each for each in charts if each.bars]
    histories = [[each for each in reversed(found.history) if each.currency == total.currency] for total in totals]
    return [_prices(each) for each in histories if each]


def _bars(groups: Sequence[Statistics], whole: Statistics, group_by: SpendingGroup) -> BarChart:
    return BarChart(f"Spent by {group_by}, {whole.currency}", bars_of(groups, whole, group_by, MOST_BARS))


def _prices(history: Sequence[Purchase]) -> LineChart:
    last = history[-1]
    points = [(each.bought_at, each.price or Decimal()) for each in history]
    return LineChart(f"Price of {last.name}, {last.currency}", points)


GET_SPENDING = ToolSpec(
    get_spending,
    Arguments,
    Result,
    title="Show purchases and spending",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
