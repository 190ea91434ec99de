"""The tool `list_items`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, PrivateAttr, SkipValidation, WithJsonSchema

from app.households.tenant import ProvenHousehold, Tenant
from app.lists import queries
from app.lists.items.fields import Priority
from app.lists.models import GroupBy, Missing, View
from app.lists.provenance_repository import Provenance, read_provenance
from app.lists.queries import Page
from app.mcp.argument_types import OBJECT, OBJECTS, as_number
from app.mcp.prose import MOST_NAMED, shown_name, some_of
from app.mcp.spec import Answer, Hints, ToolArguments, ToolResult, ToolSpec
from app.mcp.tools.items import Detail, ItemView, item_views, row_in_words
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """Which items, and in what order."""

    list: str | None = Field(
        default=None,
        description="Name or ref, `*`: all; default list if left out",
        max_length=200,
    )
    view: View = Field(default="open", description="open: to buy now; waiting: later; checked: bought")
    group_by: GroupBy | None = Field(default=None, description="Order by this; the list's category order if left out")
    store: str | None = Field(default=None, description="Only items for this store", max_length=100)
    category: str | None = Field(default=None, description="Only this category", max_length=100)
    assignee: str | None = Field(default=None, description="Only this member's", max_length=200)
    priority: Priority | None = Field(default=None, description="Only this")
    missing: Missing | None = Field(default=None, description="Only without this")
    query: str | None = Field(default=None, description="Words in name or note", max_length=200)
    since_rev: int | None = Field(
        default=None, description="Only what changed after this rev; `removed` names what left", ge=0, le=2**63 - 1
    )
    detail: Detail = Field(default="concise", description="full: also prices, their sums, dates, who added, bought")
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
    order: str | None = Field(default=None, description="Where it isn't the list's own")
    items: Annotated[SkipValidation[Items], WithJsonSchema(OBJECTS)] = Field(
        description="Each with ref, name and what is set of it"
    )
    removed: Sequence[str] | None = Field(default=None, description="Refs that left the view")
    full: bool | None = Field(default=None, description="since_rev was too old: this is everything")
    counts: Annotated[CountsView, WithJsonSchema(OBJECT)]
    prices: Annotated[Sequence[PricesView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="With detail=full, on the first page: sums of all pages"
    )
    next_cursor: str | None = Field(default=None, description="Absent on the last page")

    _arguments: Arguments | None = PrivateAttr(default=None)
    _page: Page | None = PrivateAttr(default=None)

    def of(self, arguments: Arguments, page: Page) -> Self:
        """Return this result, with what it was made of."""
        self._arguments, self._page = arguments, page
        return self

    def in_words(self) -> str:
        """What is on the page: `Groceries: 2 kg flour, milk, 3 yoghurt (12 open, 3 bought)`."""
        where = "All lists" if self.name is None else shown_name(self.name)
        rows = () if self._page is None else self._page.rows
        shown = some_of([row_in_words(row) for row in rows[:MOST_NAMED]], len(rows)) or "nothing to show"
        waiting = "" if self.counts.waiting is None else f", {self.counts.waiting} waiting"
        return f"{where}: {shown} ({self.counts.open} open, {self.counts.checked} bought{waiting})."

    def shortened(self, share: float) -> Self:
        """Show that share of the items, with a cursor behind them."""
        if self._page is None or self._arguments is None or (page := self._page.shortened(share)) is self._page:
            return self
        kept = len(page.rows)
        update = {"items": self.items[:kept], "removed": [*page.removed] or None, "next_cursor": page.next_cursor}
        return self.model_copy(update=update).of(self._arguments, page)

    def touched(self) -> int:
        """How many items are on the page."""
        return len(self.items)


async def list_items(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows the items of a shopping list, in its order, or that of its store as trips taught it: what to buy, what was
    bought, or when it comes back (detail=full). Filters by store, member, words and more, groups, and pages through
    long lists."""
    page = await queries.read_items(tenant, _request(arguments))
    if arguments.detail == "concise":
        return result_of(arguments, page)
    provenance = await read_provenance(tenant, page.rows)
    return result_of(arguments, page, provenance, tenant.membership.zone)


async def _list_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[Result], Answer]
) -> Answer | None:
    if arguments.detail == "full":
        return None
    page = await queries.read_items_alone(household, _request(arguments))
    return None if page is None else answer(result_of(arguments, page))


def _request(arguments: Arguments) -> queries.Request:
    return queries.Request(
        list=arguments.list,
        view=arguments.view,
        group_by=arguments.group_by or "own",
        store=arguments.store,
        category=arguments.category,
        assignee=arguments.assignee,
        priority=arguments.priority,
        missing=arguments.missing,
        query=arguments.query,
        since_rev=arguments.since_rev,
        cursor=arguments.cursor,
        limit=arguments.limit,
        with_totals=arguments.detail == "full",
    )


def result_of(
    arguments: Arguments,
    page: Page,
    provenance: Mapping[int, Provenance] | None = None,
    zone: ZoneInfo | None = None,
) -> Result:
    """Return a page as a result, with where its items come from if that was read."""
    result = Result(
        list=page.list.ref if page.list is not None else None,
        name=page.list.name if page.list is not None else None,
        rev=page.rev,
        order=None if page.order is None else str(page.order),
        items=item_views(page.rows, arguments.detail, with_list=page.list is None, provenance=provenance, zone=zone),
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
    return result.of(arguments, page)


LIST_ITEMS = ToolSpec(
    list_items,
    Arguments,
    Result,
    alone=_list_items_alone,
    title="Show a shopping list",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
