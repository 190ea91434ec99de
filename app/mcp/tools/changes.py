"""What became of each entry of a call, as tools that change items show it."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from app.activity.refs import event_ref
from app.errors import AppError
from app.lists.adding import Added
from app.lists.model import Outcome
from app.mcp.spec import WriteResult


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
    status: str = Field(description="added, merged, restored, skipped or failed")
    ref: str | None = Field(default=None, description="Absent when it failed")
    note: str | None = None
    quantity: str | None = Field(default=None, description="What the line says now")
    was: str | None = Field(default=None, description="What it said before a merge")
    error: ErrorView | None = None


class ChangeResult(WriteResult):
    """What a call changed on one list."""

    list: str
    rev: int
    results: Sequence[EntryView]
    counts: dict[str, int] = Field(description="How many entries had each status")

    def in_words(self) -> str:
        """One line of prose."""
        parts = ", ".join(f"{number} {status}" for status, number in self.counts.items())
        return f"On {self.list}: {parts}."


def change_result(added: Added) -> ChangeResult:
    """The answer to a call that added items."""
    entries = [_entry(name, outcome) for name, outcome in added.entries]
    return ChangeResult(
        list=added.list.ref,
        rev=added.rev,
        results=entries,
        counts=_counts(entries),
        undo_ref=event_ref(added.event_no) if added.event_no is not None else None,
    )


def _entry(name: str, outcome: Outcome | AppError) -> EntryView:
    if isinstance(outcome, AppError):
        error = ErrorView(
            code=outcome.code, message=outcome.message, field=outcome.field, candidates=outcome.candidates or None
        )
        return EntryView(name=_printable(name), status="failed", error=error)
    item = outcome.item
    return EntryView(
        ref=item.ref,
        name=item.name,
        status=outcome.status,
        note=item.note,
        quantity=str(item.quantity) if item.quantity is not None else None,
        was=str(outcome.was) if outcome.was is not None else None,
    )


def _counts(entries: Sequence[EntryView]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.status] = counts.get(entry.status, 0) + 1
    return counts


def _printable(name: str) -> str:
    """The start of what was sent, so that a failed entry can be told from the others."""
    return "".join(character for character in name[:80] if character.isprintable())
