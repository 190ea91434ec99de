"""The tool `get_suggestions`."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, Field, PrivateAttr, WithJsonSchema

from app.households.tenant import Tenant
from app.lists.suggestions.models import Suggestion, SuggestionKind
from app.lists.suggestions.suggest import MOST_SUGGESTIONS, suggest
from app.mcp.argument_types import OBJECTS, as_number
from app.mcp.prose import MOST_NAMED, quantity_text, shown_amount, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """For which list, and why."""

    list: str | None = Field(default=None, description="Only what was bought from this list", max_length=200)
    kind: SuggestionKind | None = Field(default=None, description="The best of all if left out")
    limit: int = Field(default=10, description="How many", ge=1, le=MOST_SUGGESTIONS)


class SuggestionView(BaseModel):
    """A thing that might be bought."""

    name: str
    kind: str
    reason: str
    quantity: float | int | None = None
    unit: str | None = None
    store: str | None = None
    last_bought: str | None = None
    every_days: int | None = None


class Result(ToolResult):
    """Suggestions, the best first."""

    suggestions: Annotated[Sequence[SuggestionView], WithJsonSchema(OBJECTS)] = Field(
        description="name, kind, reason, usual quantity, unit and store, last_bought, every_days"
    )
    _found: Sequence[Suggestion] = PrivateAttr(default=())

    def of(self, found: Sequence[Suggestion]) -> Self:
        """Return this result, with what it was made of."""
        self._found = found
        return self

    def in_words(self) -> str:
        """The suggestions with their reasons: `1 l milk (bought 9 times, every 6 days, last 8 days ago)`."""
        told = [_in_words(each) for each in self._found[:MOST_NAMED]]
        return f"Suggestions: {some_of(told, len(self._found))}." if told else "There is nothing to suggest."

    def shortened(self, share: float) -> Self:
        """Show that share of the suggestions."""
        kept = self.suggestions[: max(1, int(len(self.suggestions) * share))]
        return self.model_copy(update={"suggestions": kept}).of(self._found[: len(kept)])

    def touched(self) -> int:
        """How many suggestions there are."""
        return len(self.suggestions)


async def get_suggestions(tenant: Tenant, arguments: Arguments) -> Result:
    """Suggests what to buy that is on no list yet, each with its reason: due by the household's own rhythm, running low
    at home, bought together with what is on the list, bought often, or recently."""
    _, found = await suggest(tenant, arguments.list, arguments.kind, arguments.limit)
    return Result(suggestions=[_view(each) for each in found]).of(found)


def _in_words(each: Suggestion) -> str:
    amount = None if each.quantity is None else quantity_text(each.quantity)
    return f"{shown_amount(amount, each.name)} ({each.reason})"


def _view(each: Suggestion) -> SuggestionView:
    return SuggestionView(
        name=each.name,
        kind=each.kind,
        reason=each.reason,
        quantity=None if each.quantity is None else as_number(each.quantity.shown),
        unit=None if each.quantity is None else each.quantity.unit_word,
        store=each.store,
        last_bought=None if each.last_bought is None else each.last_bought.isoformat(),
        every_days=each.every_days,
    )


GET_SUGGESTIONS = ToolSpec(
    get_suggestions,
    Arguments,
    Result,
    title="Suggest what to buy",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
