"""The tool `get_pantry`."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, Field, PrivateAttr, WithJsonSchema

from app.cursors import make_cursor
from app.households.tenant import Tenant
from app.lists.pantry import read
from app.lists.pantry.holdings import Holding
from app.lists.pantry.read import PantryPage
from app.mcp.argument_types import OBJECTS
from app.mcp.prose import MOST_NAMED, shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """Which things."""

    query: str | None = Field(
        default=None, description="Words in the name; then also what is probably used up", max_length=200
    )
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=2000)


class HoldingView(BaseModel):
    """What is probably at home of a thing."""

    name: str
    confidence: float
    evidence: str
    left: str | None = None
    expires: str | None = None


class Result(ToolResult):
    """A page of what is probably at home."""

    items: Annotated[Sequence[HoldingView], WithJsonSchema(OBJECTS)] = Field(
        description="name, confidence (probability that there is any), evidence, left (estimate), expires"
    )
    next_cursor: str | None = Field(default=None, description="Absent on the last page")
    _page: PantryPage | None = PrivateAttr(default=None)

    def of(self, page: PantryPage) -> Self:
        """Return this result, with what it was made of."""
        self._page = page
        return self

    def in_words(self) -> str:
        """What is there: `Probably at home: rice (85%, bought 1 kg on 20 Nov, usually lasts 3 weeks).`"""
        holdings = () if self._page is None else self._page.holdings
        told = [holding_in_words(each) for each in holdings[:MOST_NAMED]]
        words = some_of(told, len(self.items))
        return f"Probably at home, by what was bought: {words}." if told else "Nothing is known to be at home."

    def shortened(self, share: float) -> Self:
        """Show that share of the things, with a cursor behind them."""
        if self._page is None or len(self._page.holdings) < 2:
            return self
        kept = self._page.holdings[: max(1, int(len(self._page.holdings) * share))]
        page = PantryPage(kept, make_cursor(kept[-1].name_key))
        return self.model_copy(update={"items": self.items[: len(kept)], "next_cursor": page.next_cursor}).of(page)

    def touched(self) -> int:
        """How many things are shown."""
        return len(self.items)


def holding_view(holding: Holding) -> HoldingView:
    """Return what is at home of a thing as tools show it."""
    return HoldingView(
        name=holding.name,
        confidence=holding.confidence,
        evidence=holding.evidence,
        left=None if holding.left is None else f"about {holding.left}",
        expires=None if holding.expires is None else holding.expires.isoformat(),
    )


def holding_in_words(holding: Holding) -> str:
    """Return what is at home of a thing in a few words: `rice (85%, bought 1 kg on 20 Nov)`."""
    return f"{shown_name(holding.name)} ({holding.confidence:.0%}, {holding.evidence})"


async def get_pantry(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what is probably at home, by what was bought, how long it usually lasts, and what was said with
    update_pantry: with a confidence and the evidence for it. An estimate: where it matters, the person knows better."""
    page = await read.read_pantry(tenant, arguments.query, arguments.cursor)
    return Result(items=[holding_view(each) for each in page.holdings], next_cursor=page.next_cursor).of(page)


GET_PANTRY = ToolSpec(
    get_pantry,
    Arguments,
    Result,
    title="Show what is at home",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
