"""The items of one call while it is worked out. Pure; the caller holds the lock and stores the result."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from app.errors import AppError
from app.lists.model import Change, Item


class Edits:
    """The items of one call as they stand after the entries before: an item may be named twice."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._before = {item.id: item for item in items}
        self._now = dict(self._before)

    def add(self, items: Iterable[Item]) -> None:
        """Take in items, as they are stored, that the call also has to do with."""
        added = {item.id: item for item in items}
        self._before.update(added)
        self._now.update(added)

    def all(self) -> list[Item]:
        """Every item as it is by now."""
        return list(self._now.values())

    def now(self, item_id: UUID) -> Item:
        """The item as it is by now."""
        return self._now[item_id]

    def put(self, item: Item) -> None:
        """Take a changed item."""
        self._now[item.id] = item

    def put_all(self, items: Iterable[Item]) -> None:
        """Take changed items."""
        self._now.update({item.id: item for item in items})

    def changed(self) -> list[Item]:
        """The items that are no longer as they were, as they are now."""
        return [item for item in self._now.values() if item != self._before.get(item.id)]

    def changes(self) -> list[Change]:
        """What became of each changed item."""
        return [Change(self._before.get(item.id), item) for item in self.changed()]


def settle_variants(items: Sequence[Item], neighbours: Iterable[Item]) -> list[Item]:
    """Changed items, each open one with a variant that no other open line of its name and measure has.

    `neighbours` are the open lines of the same names; changed items among them are seen as they are now.
    """
    changed = {item.id for item in items}
    taken = {_line_key(line) for line in neighbours if line.is_open and line.id not in changed}
    settled: list[Item] = []
    for item in items:
        while item.is_open and _line_key(item) in taken:
            free = next(n for n in range(len(taken) + 1) if _line_key(replace(item, variant=n)) not in taken)
            item = replace(item, variant=free)
        if item.is_open:
            taken.add(_line_key(item))
        settled.append(item)
    return settled


def refuse_all_if_one_fails(results: Iterable[object], *, all_or_nothing: bool) -> None:
    """With `all_or_nothing`, raise the first refusal among the results."""
    refusal = next((each for each in results if isinstance(each, AppError)), None)
    if all_or_nothing and refusal is not None:
        raise refusal


def _line_key(item: Item) -> tuple[UUID, str, str, int]:
    return (item.list_id, item.name_key, item.measure, item.variant)
