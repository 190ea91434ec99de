"""The items of one call while it is worked out. Pure; the caller holds the lock and stores the result."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID

from app.errors import AppError, LimitReached
from app.lists.models import LINES_PER_NAME, Change, Item


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


def settle_variants(items: Sequence[Item], neighbours: Collection[Item], *, bounded: bool = True) -> list[Item]:
    """Changed items, each open one with a variant that no other open line of its name and measure has.

    `neighbours` are the open lines of the same names; changed items among them are seen as they are now. When
    `bounded`, raises `LimitReached` where a name would have more open lines than it may.
    """
    changed = {item.id for item in items}
    others = [line for line in neighbours if line.id not in changed]
    if bounded:
        _refuse_too_many(items, others, {(line.id, _name_of(line)) for line in neighbours})
    taken = {_line_key(line) for line in others}
    settled: list[Item] = []
    for item in items:
        if item.is_open and _line_key(item) in taken:
            item = next(each for each in _variants_of(item) if _line_key(each) not in taken)
        if item.is_open:
            taken.add(_line_key(item))
        settled.append(item)
    return settled


def _refuse_too_many(
    items: Sequence[Item], others: Iterable[Item], before: Collection[tuple[UUID, tuple[UUID, str]]]
) -> None:
    lines = Counter(_name_of(line) for line in [*others, *items] if line.is_open)
    for item in items:
        is_new = item.is_open and (item.id, _name_of(item)) not in before
        if is_new and lines[_name_of(item)] > LINES_PER_NAME:
            message = f"There would be more than {LINES_PER_NAME} open lines of one name. Merge some of them first."
            raise LimitReached(message, field="items")


def _variants_of(item: Item) -> Iterator[Item]:
    return (replace(item, variant=variant) for variant in count())


def _name_of(item: Item) -> tuple[UUID, str]:
    return (item.list_id, item.name_key)


def refuse_all_if_one_fails(results: Iterable[object], *, all_or_nothing: bool) -> None:
    """With `all_or_nothing`, raise the first refusal among the results."""
    refusal = next((each for each in results if isinstance(each, AppError)), None)
    if all_or_nothing and refusal is not None:
        raise refusal


def _line_key(item: Item) -> tuple[UUID, str, str, int]:
    return (item.list_id, item.name_key, item.measure, item.variant)
