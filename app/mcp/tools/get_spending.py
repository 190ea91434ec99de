"""The tool `get_spending`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field, PrivateAttr, WithJsonSchema

from app.households.tenant import Tenant
from app.households.time_zones import zone_of
from app.lists.models import Purchase
from app.lists.purchases import spending
from app.lists.purchases.spending import Spending
from app.lists.purchases.spending_repository import SpendingGroup, Statistics
from app.mcp.argument_types import OBJECTS, Time, as_number, in_zone
from app.mcp.charts import MOST_BARS, BarChart, LineChart, draw
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec, image_content
from app.scopes import LISTS_READ

MOST_CHARTS: Final = 3


class Arguments(ToolArguments):
    """Which purchases, and how to group them."""

    since: Time | None = Field(default=None, description="From this day or time on, such as 2026-12-24")
    until: Time | None = Field(default=None, description="Before this day or time")
    group_by: SpendingGroup = Field(default="store", description="One row per group and currency")
    item: str | None = Field(default=None, description="Only this item, with the history of its price", max_length=200)
    chart: bool = Field(
        default=False, description="Adds an SVG image per currency: the total of each group, or the item's price"
    )


class StatisticsView(BaseModel):
    """What was paid, in one currency."""

    group: str | None = Field(default=None, description="Absent: no store or category; someone who left")
    currency: str
    count: int
    total: float | int
    mean: float | int
    median: float | int
    stdev: float | int | None = Field(default=None, description="Of the sample; absent for one price")
    min: float | int
    max: float | int


class PriceView(BaseModel):
    """One purchase of the item."""

    at: str
    price: float | int
    currency: str
    quantity: str | None = None
    store: str | None = None


class Result(ToolResult):
    """Statistics of what was paid per line."""

    groups: Sequence[StatisticsView]
    more_groups: bool | None = Field(default=None, description="There are more groups than are shown")
    totals: Annotated[Sequence[StatisticsView], WithJsonSchema(OBJECTS)] = Field(description="By currency")
    unpriced: int | None = Field(default=None, description="Purchases without a price, not counted above")
    history: Sequence[PriceView] | None = Field(default=None, description="Newest first, 100 at most")
    _charts: Sequence[str] = PrivateAttr(default=())

    def with_charts(self, charts: Sequence[str]) -> Self:
        """Add charts, which are shown beside the result and are no part of it."""
        self._charts = charts
        return self

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Return the texts of every result, and the charts."""
        return [
            *super().content(structured),
            *(image_content(each.encode(), "image/svg+xml") for each in self._charts),
        ]

    def in_words(self) -> str:
        """One line of prose."""
        sums = ", ".join(f"{each.total:.2f} {each.currency}" for each in self.totals)
        return f"Spent {sums or 'nothing'} in {self.touched()} purchases with a price."

    def shortened(self, share: float) -> Self:
        """Show that share of the groups and of the history."""
        groups = self.groups[: max(1, int(len(self.groups) * share))]
        history = self.history and self.history[: max(1, int(len(self.history) * share))]
        if (groups, history) == (self.groups, self.history):
            return self
        more = self.more_groups or len(groups) < len(self.groups) or None
        shorter = self.model_copy(update={"groups": groups, "history": history, "more_groups": more})
        return shorter.with_charts(self._charts)

    def touched(self) -> int:
        """How many purchases were counted."""
        return sum(each.count for each in self.totals)


async def get_spending(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what was spent, from items checked off with a price: count, total, mean, median, standard deviation,
    minimum and maximum per store, category, person, item or month (UTC), each currency by itself."""
    zone = zone_of(tenant.membership.time_zone)
    since, until = in_zone(arguments.since, zone), in_zone(arguments.until, zone)
    found = await spending.read_spending(tenant, arguments.group_by, since, until, arguments.item)
    result = Result(
        groups=[_statistics(each) for each in found.groups],
        more_groups=found.more_groups or None,
        totals=[_statistics(each) for each in found.totals],
        unpriced=found.unpriced or None,
        history=[_price(each) for each in found.history] if arguments.item is not None else None,
    )
    return result.with_charts(await draw(_charts(found, arguments))) if arguments.chart else result


def _charts(found: Spending, arguments: Arguments) -> list[BarChart | LineChart]:
    """Return a chart for each of the currencies in which most was spent, if anything of it is among what is shown."""
    totals = found.totals[:MOST_CHARTS]
    if arguments.item is None:
        charts = [_bars(found.groups, each, arguments.group_by) for each in totals]
        return [each for each in charts if each.bars]
    histories = [[each for each in reversed(found.history) if each.currency == total.currency] for total in totals]
    return [_prices(each) for each in histories if each]


def _bars(groups: Sequence[Statistics], whole: Statistics, group_by: SpendingGroup) -> BarChart:
    spent = [(each.label or "(none)", each.total) for each in groups if each.currency == whole.currency]
    if group_by == "month":
        shown = spent[-MOST_BARS:]
    else:
        shown = spent if len(spent) <= MOST_BARS else spent[: MOST_BARS - 1]
        others = whole.total - sum((total for _, total in shown), Decimal())
        if others:
            shown = [*shown, ("(others)", others)]
    return BarChart(f"Spent by {group_by}, {whole.currency}", shown)


def _prices(history: Sequence[Purchase]) -> LineChart:
    last = history[-1]
    points = [(each.bought_at, each.price or Decimal()) for each in history]
    return LineChart(f"Price of {last.name}, {last.currency}", points)


def _statistics(each: Statistics) -> StatisticsView:
    return StatisticsView(
        group=each.label,
        currency=each.currency,
        count=each.count,
        total=as_number(each.total),
        mean=as_number(each.mean),
        median=as_number(each.median),
        stdev=None if each.stdev is None else as_number(each.stdev),
        min=as_number(each.min),
        max=as_number(each.max),
    )


def _price(purchase: Purchase) -> PriceView:
    return PriceView(
        at=purchase.bought_at.isoformat(timespec="seconds"),
        price=as_number(purchase.price or Decimal()),
        currency=purchase.currency,
        quantity=None if purchase.quantity is None else str(purchase.quantity),
        store=purchase.store,
    )


GET_SPENDING = ToolSpec(
    get_spending,
    Arguments,
    Result,
    title="Show what was spent",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True),
)
