"""What became of each entry of a call, as the tools that change something show it."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, WithJsonSchema

from app.errors import MOST_TOLD, Ambiguous, AppError, Invalid
from app.lists.models import Changed, ItemResult, ListOutcome, event_ref
from app.mcp.argument_types import OBJECTS
from app.mcp.spec import WriteResult
from app.text import printable_start

LONGEST_SENT: Final = 80
"""Characters of what was sent for a failed entry, by which it is told apart from the others."""

MOST_SHOWN: Final = 100
NOTHING_DONE: Final = frozenset({"failed", "unchanged"})
"""The statuses of entries that changed nothing."""


class ErrorView(BaseModel):
    """Why an entry was not done."""

    code: str
    message: str
    field: str | None = None
    candidates: list[str] | None = None


class EntryView(BaseModel):
    """One entry of the call."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: str = Field(description="What was done, or unchanged, or failed")
    ref: str | None = None
    note: str | None = None
    quantity: str | None = Field(default=None, description="What the line says now")
    was: str | None = Field(default=None, description="Its quantity before")
    error: ErrorView | None = None
    current: dict[str, str] | None = Field(default=None, description="In conflict: what it says now")


class EveryEntryFailed(AppError):
    """Nothing was done: each entry has its own reason. Of one entry, that is the error."""

    def __init__(self, entries: Sequence[EntryView], number: int) -> None:
        errors = [each.error for each in entries if each.error is not None]
        first, codes = errors[0], {each.code for each in errors}
        told = " ".join(each.message for each in errors[:MOST_TOLD])
        message = told if number == 1 else f"Nothing was changed: all {number} entries failed. {told}"
        super().__init__(message, field=first.field, candidates=(first.candidates or ()) if number == 1 else ())
        self.code = first.code if len(codes) == 1 else Invalid.code
        self.entries = entries

    def as_dict(self) -> dict[str, object]:
        """Return the error; with what is known of the entry if it is one, else with each entry as it would be shown."""
        entries = [each.model_dump(exclude_none=True) for each in self.entries]
        if len(entries) > 1:
            return {**super().as_dict(), "results": entries}
        known = {key: entries[0][key] for key in ("ref", "current") if key in entries[0]}
        return {**super().as_dict(), **known}


class ChangeResult(WriteResult):
    """What a call changed."""

    _ambiguities: Sequence[Ambiguous] = PrivateAttr(default=())

    list: str | None = None
    rev: int
    results: Annotated[Sequence[EntryView], WithJsonSchema(OBJECTS)]
    counts: Annotated[dict[str, int], WithJsonSchema({"type": "object"})]

    def in_words(self) -> str:
        """One line of prose."""
        parts = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in self.counts.items())
        return f"On {self.list or 'several lists'}: {parts or 'nothing to do'}."

    def asking_about(self, ambiguities: Sequence[Ambiguous]) -> "ChangeResult":
        """Return this result, with the entries whose names fit several items."""
        self._ambiguities = ambiguities
        return self

    def ambiguities(self) -> Sequence[Ambiguous]:
        """The entries whose names fit several items."""
        return self._ambiguities

    def refusal(self) -> AppError | None:
        """Return why nothing was done, where every entry failed."""
        if not self.counts or self.counts.keys() != {"failed"}:
            return None
        return EveryEntryFailed(self.results, self.counts["failed"])

    def touched(self) -> int:
        """How many things were changed."""
        return sum(number for status, number in self.counts.items() if status not in NOTHING_DONE)


def change_result(changed: Changed) -> ChangeResult:
    """Return the result of a call that changed something; it shows up to `MOST_SHOWN` entries, conflicts first."""
    shown = changed.entries
    if len(shown) > MOST_SHOWN:
        # Thousands of entries are no more than looked at here: no function is called for each.
        done = [not isinstance(each.result, AppError) and each.result.conflict is None for each in shown]
        open_ends = [each for each, is_done in zip(shown, done, strict=True) if not is_done]
        shown = [*open_ends, *compress(shown, done)][:MOST_SHOWN]
    result = ChangeResult(
        list=changed.lists[0].ref if len(changed.lists) == 1 else None,
        rev=changed.rev,
        results=[_entry(entry) for entry in shown],
        counts=Counter(
            ["failed" if isinstance(each.result, AppError) else each.result.status for each in changed.entries]
        ),
        undo_ref=event_ref(changed.event_no) if changed.event_no is not None else None,
    )
    return result.asking_about([each.result for each in changed.entries if isinstance(each.result, Ambiguous)])


def _entry(entry: ItemResult) -> EntryView:
    result = entry.result
    if isinstance(result, AppError):
        current = None if entry.current is None else dict(entry.current)
        return EntryView(
            name=printable_start(entry.name, LONGEST_SENT),
            status="failed",
            ref=entry.ref,
            error=_error(result),
            current=current,
        )
    conflict = _error(result.conflict) if result.conflict is not None else None
    if isinstance(result, ListOutcome):
        return EntryView(ref=result.list.ref, name=result.list.name, status=result.status, error=conflict)
    quantity = result.item.quantity
    return EntryView(
        ref=result.item.ref,
        name=result.item.name,
        status=result.status,
        note=result.item.note,
        quantity=str(quantity) if quantity is not None else None,
        was=str(result.previous) if result.previous is not None else None,
        error=conflict,
    )


def _error(error: AppError) -> ErrorView:
    return ErrorView(code=error.code, message=error.message, field=error.field, candidates=error.candidates or None)
