"""The items of one call while it is being worked out. Pure; the caller holds the lock and stores the result."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID

from app.errors import AppError, LimitReached
from app.lists.items.fields import Item
from app.lists.models import LINES_PER_NAME, Change


class Edits:
    """The items of one call, each with the changes of the entries so far: a call may name an item twice."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._before = {item.id: item for item in items}
        self._now = dict(self._before)

    def add(self, items: Iterable[Item]) -> None:
        """Add further items, as they are stored, that the call may change."""
        added = {item.id: item for item in items}
        self._before.update(added)
        self._now.update(added)

    def all(self) -> list[Item]:
        """Return every item with the changes so far."""
        return list(self._now.values())

    def now(self, item_id: UUID) -> Item:
        """Return the item with the changes so far."""
        return self._now[item_id]

    def put(self, item: Item) -> None:
        """Keep a changed item."""
        self._now[item.id] = item

    def put_all(self, items: Iterable[Item]) -> None:
        """Keep changed items."""
        self._now.update({item.id: item for item in items})

    def changed(self) -> list[Item]:
        """Return the items that differ from what is stored."""
        return [item for item in self._now.values() if item != self._before.get(item.id)]

    def changes(self) -> list[Change]:
        """Return the change of each item that differs from what is stored."""
        return [self.change_of(item) for item in self.changed()]

    def change_of(self, item: Item) -> Change:
        """Return the change from what is stored to an item with the changes so far."""
        return Change(self._before.get(item.id), item)


def settle_variants(items: Sequence[Item], neighbours: Collection[Item], *, bounded: bool = True) -> list[Item]:
    """Return changed items, each open one with a variant that no other open line of its name and measure has.

    `neighbours` are the stored open lines of the same names. With `bounded`, raises `LimitReached` where a name would
    have too many open lines.
    """
    changed = {item.id for item in items}
    others = [line for line in neighbours if line.id not in changed]
    if bounded:
        _refuse_too_many(items, others, {(line.id, _name_of(line)) for line in neighbours})
    taken = {_line_key(line) for line in others}
    settled: list[Item] = []
    for item in items:
        if item.is_open and _line_key(item) in taken:
            variants = (replace(item, variant=variant) for variant in count())
            item = next(each for each in variants if _line_key(each) not in taken)
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


def _name_of(item: Item) -> tuple[UUID, str]:
    return (item.list_id, item.name_key)


def refuse_all_if_one_fails(results: Iterable[object], *, all_or_nothing: bool) -> None:
    """Raise the first refusal among the results of an `all_or_nothing` call."""
    refusal = next((each for each in results if isinstance(each, AppError)), None)
    if all_or_nothing and refusal is not None:
        raise refusal


def _line_key(item: Item) -> tuple[UUID, str, str, int]:
    return (item.list_id, item.name_key, item.measure, item.variant)
