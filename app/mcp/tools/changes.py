"""The result of the tools that change something: an entry for each thing, counts, and a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Annotated, Final, Self

from pydantic import PrivateAttr, WithJsonSchema

from app.errors import MOST_TOLD, Ambiguous, AppError, Invalid
from app.lists.models import Changed
from app.mcp.prose import MOST_NAMED, shown_amount, shown_change, shown_name, shown_quantity, some_of
from app.mcp.spec import WriteResult
from app.mcp.tools.entries import EntryView, entry_view

MOST_SHOWN: Final = 100
NOTHING_DONE: Final = frozenset({"failed", "unchanged", "not_listed", "at_home"})
"""The statuses of entries that changed nothing."""


Entries = Annotated[
    list[EntryView],
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "description": "name, status, ref, quantity, was (before), changes, similar (same name), why, error",
            },
        }
    ),
]
"""A sentence says more than the schema of `EntryView` would, which assistants read once for each tool.

A list, because pydantic validates and serialises other sequences in Python, which takes twice as long.
"""


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
    _list_name: str | None = PrivateAttr(default=None)

    list: str | None = None
    rev: int
    results: Entries
    counts: Annotated[dict[str, int], WithJsonSchema({"type": "object"})]

    def in_words(self) -> str:
        """What was done, by status: `Added to Groceries: 2 kg flour, milk.`"""
        return describe(self._list_name, self.results, self.counts)

    def about(self, list_name: str | None, ambiguities: Sequence[Ambiguous]) -> "ChangeResult":
        """Return this result, with the name of its list and the entries whose names fit several items."""
        self._list_name = list_name
        self._ambiguities = ambiguities
        return self

    def like(self, other: "ChangeResult") -> Self:
        """Return this result, about the same list and entries as another one."""
        self.about(other._list_name, other._ambiguities)
        return self

    def ambiguities(self) -> Sequence[Ambiguous]:
        """The entries whose names fit several items."""
        return self._ambiguities

    def refusal(self) -> AppError | None:
        """Return why nothing was done, where every entry failed."""
        if self.undo_ref is not None or self.counts.keys() != {"failed"}:
            return None
        return EveryEntryFailed(self.results, self.counts["failed"])

    def touched(self) -> int:
        """How many things were changed."""
        return sum(number for status, number in self.counts.items() if status not in NOTHING_DONE)

    def shortened(self, share: float) -> "ChangeResult":
        """Show that share of the entries; the counts are still of all."""
        shown = self.results[: max(1, int(len(self.results) * share))]
        return self.model_copy(update={"results": shown})


def change_result(changed: Changed) -> ChangeResult:
    """Return the result of a call that changed something; it shows up to `MOST_SHOWN` entries, conflicts first."""
    shown = changed.entries
    if len(shown) > MOST_SHOWN:
        # Thousands of entries are no more than looked at here: no function is called for each.
        done = [not isinstance(each.result, AppError) and each.result.conflict is None for each in shown]
        open_ends = [each for each, is_done in zip(shown, done, strict=True) if not is_done]
        shown = [*open_ends, *compress(shown, done)][:MOST_SHOWN]
    counts = Counter(
        ["failed" if isinstance(each.result, AppError) else each.result.status for each in changed.entries]
    )
    on = changed.lists[0] if len(changed.lists) == 1 else None
    result = ChangeResult(
        list=None if on is None else on.ref,
        rev=changed.rev,
        results=[entry_view(entry, changed.names) for entry in shown],
        counts=counts,
        undo_ref=changed.undo_ref,
    )
    ambiguities = [each.result for each in changed.entries if isinstance(each.result, Ambiguous)]
    return result.about(None if on is None else on.name, ambiguities)


_VERBS: Final = {
    "added": "Added to",
    "planned": "Planned",
    "not_listed": "Not on the list",
    "at_home": "Probably at home, so not on the list",
    "merged": "Merged on",
    "restored": "Back on",
    "skipped": "Already on",
    "updated": "Changed on",
    "checked": "Bought from",
    "unchecked": "To buy again on",
    "moved": "Moved to",
    "removed": "Removed from",
    "would_remove": "Would be removed from",
    "would_update": "Would be changed on",
    "would_move": "Would be moved to",
    "kept": "Kept on",
    "recorded": "Recorded without an item",
    "would_check": "Would be bought from",
    "would_record": "Would be recorded without an item",
    "settled": "Paid",
    "would_settle": "Would be noted as paid",
    "undone": "Undone on",
    "unchanged": "Unchanged on",
}
"""How a sentence about the entries of a status begins, up to the name of the list."""

_PREPOSITIONS: Final = (" to", " on", " from")


def describe(list_name: str | None, entries: Sequence[EntryView], counts: Mapping[str, int]) -> str:
    """Return sentences that say what became of the entries of a call; `counts` are of all, also those not shown."""
    by_status: dict[str, list[EntryView]] = {status: [] for status in counts}
    for entry in entries:
        by_status.setdefault(entry.status, []).append(entry)
    sentences = [
        f"{_beginning(status, list_name, found)}: {_some_in_words(found, counts.get(status))}."
        for status, found in by_status.items()
    ]
    return " ".join(sentences) or "There was nothing to do."


def _some_in_words(entries: Sequence[EntryView], total: int | None) -> str:
    return some_of([_in_words(each) for each in entries[:MOST_NAMED]], len(entries) if total is None else total)


def _beginning(status: str, list_name: str | None, entries: Sequence[EntryView]) -> str:
    if status == "failed":
        return "Not done"
    verb = _VERBS.get(status, status.replace("_", " ").capitalize())
    if list_name is not None and verb.endswith(_PREPOSITIONS) and not _are_lists(entries):
        return f"{verb} {shown_name(list_name)}"
    return next((verb.removesuffix(each) for each in _PREPOSITIONS if verb.endswith(each)), verb)


def _are_lists(entries: Sequence[EntryView]) -> bool:
    return bool(entries) and (entries[0].ref or "").startswith("L")


def _in_words(entry: EntryView) -> str:
    if entry.status == "failed" and entry.error is not None:
        return f"{shown_name(entry.name)} ({entry.error.message})"
    words = shown_amount(entry.quantity, entry.name)
    remarks = [f"before {shown_quantity(entry.was)}"] if entry.was is not None else []
    if entry.why is not None:
        remarks.append(entry.why.removesuffix("."))
    if entry.changes is not None:
        remarks += [f"{word} {shown_change(change)}" for word, change in entry.changes.items()]
    return f"{words} ({some_of(remarks)})" if remarks else words
