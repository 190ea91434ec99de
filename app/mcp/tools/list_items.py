"""The tool `list_items`."""

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import BaseModel, Field, SkipValidation, WithJsonSchema

from app.households.tenant import ProvenHousehold, Tenant
from app.lists import queries
from app.lists.models import GroupBy, View
from app.mcp.argument_types import OBJECTS, as_number
from app.mcp.spec import Answer, Hints, ToolArguments, ToolResult, ToolSpec
from app.mcp.tools.items import Detail, ItemView, item_views
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """Which items, and in what order."""

    list: str | None = Field(
        default=None,
        description="Name or ref, `*`: all; default list if left out",
        max_length=200,
    )
    view: View = Field(default="open", description="open: to buy now; checked: bought; all: waiting ones too")
    group_by: GroupBy = Field(default="none", description="Order items by this first")
    store: str | None = Field(default=None, description="Only items for this store", max_length=100)
    query: str | None = Field(default=None, description="Words the name contains", max_length=200)
    since_rev: int | None = Field(
        default=None, description="Only what changed after this rev; `removed` names what left", ge=0, le=2**63 - 1
    )
    detail: Detail = Field(default="concise", description="full: price, dates, repetition, sums of prices too")
    limit: int = Field(default=100, description="Items per page", ge=1, le=200)
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=2000)


class CountsView(BaseModel):
    """How many items there are, whatever the filter."""

    open: int
    checked: int
    waiting: int | None = Field(default=None, description="Open items whose not_before is yet to come")


class PricesView(BaseModel):
    """The sum of the prices in one currency."""

    currency: str
    total: float | int
    priced: int
    unpriced: int = Field(description="Items without a price")


Items = list[ItemView]
"""Not a Sequence, which pydantic serialises in Python."""


class Result(ToolResult):
    """A page of items."""

    list: str | None = Field(default=None, description="Its ref")
    name: str | None = None
    rev: int = Field(description="For since_rev")
    items: SkipValidation[Items]
    removed: Sequence[str] | None = Field(default=None, description="Refs that left the view")
    full: bool | None = Field(default=None, description="since_rev was too old: this is everything")
    counts: CountsView
    prices: Annotated[Sequence[PricesView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="With detail=full, on the first page: sums of all pages"
    )
    next_cursor: str | None = Field(default=None, description="Absent on the last page")

    def in_words(self) -> str:
        """One line of prose."""
        where = self.list or "all lists"
        return f"Items of {where} here: {len(self.items)}; open: {self.counts.open}, checked: {self.counts.checked}."

    def touched(self) -> int:
        """How many items are on the page."""
        return len(self.items)


async def list_items(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows the items of a shopping list, in the order of the list: what to buy, or what was bought. Filters by
    store and words, groups, and pages through long lists."""
    return _result(arguments, await queries.read_items(tenant, _request(arguments)))


async def _list_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[Result], Answer]
) -> Answer | None:
    page = await queries.read_items_alone(household, _request(arguments))
    return None if page is None else answer(_result(arguments, page))


def _request(arguments: Arguments) -> queries.Request:
    return queries.Request(
        list=arguments.list,
        view=arguments.view,
        group_by=arguments.group_by,
        store=arguments.store,
        query=arguments.query,
        since_rev=arguments.since_rev,
        cursor=arguments.cursor,
        limit=arguments.limit,
        with_totals=arguments.detail == "full",
    )


def _result(arguments: Arguments, page: queries.Page) -> Result:
    return Result(
        list=page.list.ref if page.list is not None else None,
        name=page.list.name if page.list is not None else None,
        rev=page.rev,
        items=item_views(page.rows, arguments.detail, with_list=page.list is None),
        removed=[*page.removed] or None,
        full=page.full or None,
        counts=CountsView(open=page.counts.open, checked=page.counts.checked, waiting=page.counts.waiting or None),
        prices=[
            PricesView(currency=each.currency, total=as_number(each.total), priced=each.priced, unpriced=each.unpriced)
            for each in page.totals or ()
        ]
        or None,
        next_cursor=page.next_cursor,
    )


LIST_ITEMS = ToolSpec(
    list_items,
    Arguments,
    Result,
    alone=_list_items_alone,
    title="Show a shopping list",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True),
)
