"""The tool `update_pantry`."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, Strict, WithJsonSchema

from app.errors import AppError
from app.households.tenant import Tenant
from app.lists.models import ITEMS_PER_CALL, RefusedEntry, event_ref
from app.lists.pantry import update
from app.lists.pantry.update import PantryEntry, PantryUpdate
from app.mcp.prose import shown_name, some_of
from app.mcp.spec import Hints, ToolSpec, WriteArguments, WriteResult
from app.mcp.tools.changes import EveryEntryFailed
from app.mcp.tools.entries import LONGEST_SENT, EntryView, error_view
from app.mcp.tools.get_pantry import HoldingView, holding_in_words, holding_view
from app.scopes import LISTS_WRITE
from app.text import printable_start


class PantryInput(BaseModel):
    """What was said of one thing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(max_length=400)
    have: bool = Field(default=True, description="false: used up")
    amount: str | None = Field(default=None, description="What is left, such as 500 g", max_length=200)
    expires: Annotated[date, Strict(False)] | None = None


class Arguments(WriteArguments):
    """What was said."""

    fails_by_entry = True

    items: list[PantryInput] = Field(description="Each with name", min_length=1, max_length=ITEMS_PER_CALL)


class PantryView(HoldingView):
    """What is at home of a thing by what was said, or why that could not be stored."""

    status: str
    similar: Sequence[str] | None = None


class Result(WriteResult):
    """What is known of each thing now."""

    results: Annotated[
        Sequence[PantryView | EntryView],
        WithJsonSchema({"type": "array", "items": {"type": "object"}}),
    ] = Field(description="name, status, evidence, left, expires, similar (other things it may mean), error")
    counts: Annotated[dict[str, int], WithJsonSchema({"type": "object"})]
    _words: str = PrivateAttr(default="")

    def saying(self, words: str) -> Self:
        """Return this result, with what it says in words."""
        self._words = words
        return self

    def in_words(self) -> str:
        """What is known now: `Noted: rice (100%, said on 20 Nov to be there).`"""
        return self._words

    def touched(self) -> int:
        """How many things were spoken of."""
        return self.counts.get("updated", 0)

    def refusal(self) -> AppError | None:
        """Return why nothing was stored, where every entry failed."""
        failed = [each for each in self.results if isinstance(each, EntryView)]
        return EveryEntryFailed(failed, len(failed)) if len(failed) == len(self.results) else None

    def shortened(self, share: float) -> Self:
        """Show that share of the entries; the counts are still of all."""
        shown = self.results[: max(1, int(len(self.results) * share))]
        return self.model_copy(update={"results": shown}).saying(self._words)


async def update_pantry(tenant: Tenant, arguments: Arguments) -> Result:
    """Notes what is said about the pantry: "we still have rice", "we're out of flour" (have: false), "the milk expires
    on Friday". That wins over the estimate until the thing is bought again. It puts nothing on a list."""
    return _result(await update.update_pantry(tenant, [_said(each) for each in arguments.items]))


def _said(each: PantryInput | RefusedEntry) -> PantryEntry | RefusedEntry:
    return each if isinstance(each, RefusedEntry) else PantryEntry(each.name, each.have, each.amount, each.expires)


def _result(updated: PantryUpdate) -> Result:
    views: list[PantryView | EntryView] = []
    noted: list[str] = []
    failed: list[str] = []
    for each in updated.results:
        if isinstance(each.result, AppError):
            views.append(_failed(each.name, each.result))
            failed.append(f"{shown_name(each.name)} ({each.result.message})")
        else:
            views.append(PantryView(**dict(holding_view(each.result)), status="updated", similar=each.similar or None))
            noted.append(holding_in_words(each.result))
    result = Result(
        results=views,
        counts=Counter([each.status for each in views]),
        undo_ref=None if updated.event_no is None else event_ref(updated.event_no),
    )
    told = {"Noted": noted, "Not done": failed}
    return result.saying(" ".join(f"{what}: {some_of(things)}." for what, things in told.items() if things))


def _failed(name: str, error: AppError) -> EntryView:
    return EntryView(name=printable_start(name, LONGEST_SENT), status="failed", error=error_view(error))


UPDATE_PANTRY = ToolSpec(
    update_pantry,
    Arguments,
    Result,
    title="Say what is at home",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=True,
        why="What was said before is in its event, and undo restores it; saying it again changes nothing but the time.",
    ),
)
