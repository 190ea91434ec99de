"""The items of one call while it is being worked out; the caller holds the lock and stores the result.

A call may change as many items as a list holds, so what is done for each is done in batches.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress, count
from operator import attrgetter
from uuid import UUID

from app.errors import AppError, LimitReached, together
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists.items import repository
from app.lists.items.fields import Item
from app.lists.models import LINES_PER_NAME, Change, ItemResult, Outcome
from app.runtime.batches import map_in_batches


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

    async def changed(self) -> list[Item]:
        """Return the items that differ from what is stored."""
        items = self.all()
        return list(compress(items, await map_in_batches(self._is_changed, items)))

    async def changes(self) -> list[Change]:
        """Return the change of each item that differs from what is stored."""
        return await map_in_batches(self.change_of, await self.changed())

    def change_of(self, item: Item) -> Change:
        """Return the change from what is stored to an item with the changes so far."""
        return Change(self._before.get(item.id), item)

    def _is_changed(self, item: Item) -> bool:
        return item != self._before.get(item.id)


async def settle(tenant: Tenant, edits: Edits) -> None:
    """Give each open item that was changed a variant that is free on its list. Raises `LimitReached`."""
    changed = await edits.changed()
    edits.put_all(await settle_variants(changed, await repository.open_namesakes(tenant, changed)))


async def settle_variants(items: Sequence[Item], neighbours: Collection[Item], *, bounded: bool = True) -> list[Item]:
    """Return changed items, each open one with a variant that no other open line of its name and measure has.

    `neighbours` are the stored open lines of the same names. With `bounded`, raises `LimitReached` where a name would
    have too many open lines.
    """
    changed = {item.id for item in items}
    others = [line for line in neighbours if line.id not in changed]
    if bounded:
        await _refuse_too_many(items, others, neighbours)
    taken = set(await map_in_batches(_line_key, others))

    def settle(item: Item) -> Item:
        if not item.is_open:
            return item
        if _line_key(item) in taken:
            variants = (replace(item, variant=variant) for variant in count())
            item = next(each for each in variants if _line_key(each) not in taken)
        taken.add(_line_key(item))
        return item

    return await map_in_batches(settle, items)


async def _refuse_too_many(items: Sequence[Item], others: Sequence[Item], neighbours: Collection[Item]) -> None:
    lines = [*others, *items]
    open_lines = list(compress(lines, await map_in_batches(attrgetter("is_open"), lines)))
    counts = Counter(await map_in_batches(_name_of, open_lines))
    if max(counts.values(), default=0) <= LINES_PER_NAME:
        return
    before = set(zip([line.id for line in neighbours], await map_in_batches(_name_of, neighbours), strict=True))

    def check(item: Item) -> None:
        is_new = item.is_open and (item.id, _name_of(item)) not in before
        if is_new and counts[_name_of(item)] > LINES_PER_NAME:
            message = f"There would be more than {LINES_PER_NAME} open lines of one name. Merge some of them first."
            raise LimitReached(message, field="items")

    await map_in_batches(check, items)


def _name_of(item: Item) -> tuple[UUID, str]:
    return (item.list_id, item.name_key)


def refuse_all_if_one_fails(results: Iterable[object], *, all_or_nothing: bool) -> None:
    """Raise the refusals among the results of an `all_or_nothing` call."""
    refusals = [each for each in results if isinstance(each, AppError)] if all_or_nothing else []
    if refusals:
        raise together(refusals)


def is_reassigned(entry: ItemResult) -> bool:
    """Return whether an entry gave an item to another member, or took it from one."""
    outcome = entry.result
    if not isinstance(outcome, Outcome):
        return False
    if outcome.before is None:
        return outcome.status == "added" and outcome.item.assignee_id is not None
    return outcome.before.assignee_id != outcome.item.assignee_id


async def assignee_names(tenant: Tenant, entries: Collection[ItemResult]) -> Mapping[UUID, str]:
    """Return the names of the household's members, if an entry gave an item to another one."""
    if not any(await map_in_batches(is_reassigned, entries)):
        return {}
    members = await households.members_of(tenant.connection, tenant.household_id)
    return {member.person_id: member.name for member in members}


def changed_first(entries: Sequence[ItemResult]) -> list[ItemResult]:
    """Return entries with those that changed nothing at the end."""
    unchanged = [isinstance(each.result, Outcome) and each.result.status == "unchanged" for each in entries]
    others = [not each for each in unchanged]
    return [*compress(entries, others), *compress(entries, unchanged)]


def _line_key(item: Item) -> tuple[UUID, str, str, int]:
    return (item.list_id, item.name_key, item.measure, item.variant)
