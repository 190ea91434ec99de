"""Adding without duplicates: which line an entry joins, reopens, or stands beside. Pure; the caller holds the lock.

Lines merge when name, note and measure agree. Measures that don't convert stay two lines, side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from app.db import new_id
from app.lists.models import (
    GAP_BITS,
    ITEMS_PER_LIST,
    LINES_PER_NAME,
    Change,
    Item,
    NoOutcome,
    OnDuplicate,
    Outcome,
    ParsedItem,
    Plan,
)
from app.quantities import LARGEST


def plan_add(
    existing: Iterable[Item],
    wanted: Sequence[ParsedItem],
    on_duplicate: OnDuplicate,
    next_no: int,
    room: int = ITEMS_PER_LIST,
    *,
    list_id: UUID,
) -> Plan:
    """Decide what becomes of each wanted entry.

    `existing` are the items of the list `list_id`, open or checked, that share a name with an entry; `next_no` is the
    number of the next new item, `room` how many new ones fit. Entries see the ones before them, so `milk, milk` in one
    call is one line.
    """
    plan = _Planner(list(existing), list_id, next_no, room)
    for entry in wanted:
        plan.add(entry, on_duplicate)
    return plan.result


class _Planner:
    def __init__(self, existing: list[Item], list_id: UUID, next_no: int, room: int) -> None:
        self._list_id = list_id
        self._before = {item.id: item for item in existing}
        self._named: dict[str, dict[UUID, Item]] = {}
        for item in existing:
            self._named.setdefault(item.name_key, {})[item.id] = item
        self._next_no = next_no
        self._room = room
        self._appended = 0
        self._next_position = next_no << GAP_BITS
        self.result = Plan()

    def add(self, entry: ParsedItem, on_duplicate: OnDuplicate) -> None:
        same = [item for item in self._alike(entry.name_key) if _is_same_thing(item, entry)]
        open_lines = [item for item in same if item.checked_at is None]
        target = _line_to_join(open_lines, entry) if on_duplicate == "merge" else None
        if on_duplicate == "skip" and open_lines:
            outcome = Outcome("skipped", open_lines[0])
        elif target is not None:
            outcome = self._merge(target, entry)
        elif same and not open_lines and on_duplicate != "separate":
            outcome = self._restore(max(same, key=lambda item: (item.checked_at, item.no)), entry)
        else:
            outcome = self._append(entry, beside=open_lines[-1] if open_lines else None)
        self.result.outcomes.append(outcome)

    def _alike(self, name_key: str) -> list[Item]:
        return list(self._named.get(name_key, {}).values())

    def _merge(self, line: Item, entry: ParsedItem) -> Outcome | NoOutcome:
        if line.quantity is None or entry.quantity is None:
            quantity = line.quantity or entry.quantity
        else:
            quantity = line.quantity.plus(entry.quantity)
        if quantity is not None and quantity.amount > LARGEST:
            return "too_much"
        merged = replace(_with_details(line, entry), quantity=quantity)
        if merged.measure != line.measure:
            merged = replace(merged, variant=self._free_variant(merged))
        if merged == line:
            return Outcome("skipped", line)  # it is there already, just so
        self._store(merged)
        return Outcome("merged", merged, was=line.quantity)

    def _restore(self, line: Item, entry: ParsedItem) -> Outcome | NoOutcome:
        if self._has_too_many_open(entry.name_key):
            return "too_many_alike"
        # The old quantity, price and assignee belonged to the last purchase; category, store and
        # repetition are what was learned about the thing.
        reopened = replace(
            line,
            quantity=entry.quantity,
            assignee_id=None,
            priority=None,
            price=None,
            not_before=None,
            checked_at=None,
            checked_by=None,
            position=self._end(),
        )
        reopened = _with_details(reopened, entry)
        reopened = replace(reopened, variant=self._free_variant(reopened))
        self._store(reopened)
        return Outcome("restored", reopened)

    def _append(self, entry: ParsedItem, beside: Item | None) -> Outcome | NoOutcome:
        if self._room <= 0:
            return "list_full"
        if self._has_too_many_open(entry.name_key):
            return "too_many_alike"
        added = Item(
            id=new_id(),
            no=self._next_no,
            list_id=self._list_id,
            name=entry.name,
            name_key=entry.name_key,
            position=self._end() if beside is None else beside.position + 1,
            quantity=entry.quantity,
            note=entry.note,
            category=entry.category,
            store=entry.store,
            assignee_id=entry.assignee_id,
            priority=entry.priority,
            price=entry.price,
            not_before=entry.not_before,
            repeat_days=entry.repeat_days,
        )
        self._next_no += 1
        self._room -= 1
        if variant := self._free_variant(added):
            added = replace(added, variant=variant)
        self._store(added)
        return Outcome("added", added)

    def _has_too_many_open(self, name_key: str) -> bool:
        return sum(item.checked_at is None for item in self._alike(name_key)) >= LINES_PER_NAME

    def _end(self) -> int:
        self._appended += 1
        return self._next_position + (self._appended - 1 << GAP_BITS)

    def _free_variant(self, line: Item) -> int:
        """The smallest number that tells an open line from the others of its name and measure."""
        taken = {
            item.variant
            for item in self._alike(line.name_key)
            if item.id != line.id and item.checked_at is None and item.measure == line.measure
        }
        return next(variant for variant in range(len(taken) + 1) if variant not in taken)

    def _store(self, item: Item) -> None:
        self._named.setdefault(item.name_key, {})[item.id] = item
        self.result.changes[item.id] = Change(self._before.get(item.id), item)


def _is_same_thing(item: Item, entry: ParsedItem) -> bool:
    if item.note_key != entry.note_key:
        return False
    # What waits for a day is not what is needed today: joined, one of the two would come at the wrong time.
    return not item.is_open or item.not_before == entry.not_before


def _line_to_join(open_lines: list[Item], entry: ParsedItem) -> Item | None:
    """The line whose amount can be added to: of the same measure, else one where either side has no amount."""
    if entry.quantity is None:
        return open_lines[0] if open_lines else None
    measure = entry.quantity.measure
    return next(
        (line for line in open_lines if line.measure == measure),
        next((line for line in open_lines if line.quantity is None), None),
    )


def _with_details(line: Item, entry: ParsedItem) -> Item:
    """The line with every detail that the entry names; what it leaves out stays."""
    return replace(
        line,
        category=entry.category or line.category,
        store=entry.store or line.store,
        assignee_id=entry.assignee_id or line.assignee_id,
        priority=entry.priority or line.priority,
        price=line.price if entry.price is None else entry.price,
        not_before=entry.not_before or line.not_before,
        repeat_days=entry.repeat_days or line.repeat_days,
    )
