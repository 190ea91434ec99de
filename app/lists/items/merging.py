"""Adding without duplicates: which line an entry joins, reopens, or stands beside. Pure; the caller holds the lock.

Lines merge when name, note and measure agree. Measures that don't convert stay two lines, side by side.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from app.db import new_id
from app.lists.items.fields import DETAILS, Item, ParsedItem
from app.lists.items.habits import Habit, Habits, with_place
from app.lists.models import GAP_BITS, ITEMS_PER_LIST, LINES_PER_NAME, Change, OnDuplicate, Outcome
from app.quantities import LARGEST, Quantity
from app.quantities.foods import in_grams

Impossible = Literal["list_full", "too_many_alike", "too_much"]
"""Why a valid entry can't be added: no room on the list, too many open lines of its name, too large a sum."""


@dataclass(slots=True)
class Plan:
    """What becomes of each entry, in the order of the call, and the changes to store."""

    outcomes: list[Outcome | Impossible] = field(default_factory=list[Outcome | Impossible])
    changes: dict[UUID, Change] = field(default_factory=dict[UUID, Change])


def plan_add(
    existing: Iterable[Item],
    entries: Sequence[ParsedItem],
    on_duplicate: OnDuplicate,
    next_no: int,
    room: int = ITEMS_PER_LIST,
    *,
    list_id: UUID,
    habits: Habits | None = None,
) -> Plan:
    """Decide what becomes of each entry.

    `existing` are the items of the list `list_id`, open or checked, that share a name with an entry; `next_no` is the
    number of the next new item, `room` how many new ones fit. Each entry sees those before it, so that `milk, milk` in
    one call is one line. What `habits` remember of a name is set of lines that are new or come back, where neither they
    nor the entry say it.
    """
    planner = Planner(existing, list_id, next_no, room, habits=habits)
    for entry in entries:
        planner.plan.outcomes.append(planner.add(entry, on_duplicate))
    return planner.plan


def plan_one(entry: ParsedItem, next_no: int, *, list_id: UUID, habit: Habit | None = None) -> Plan:
    """Return what `plan_add` does for one entry and a list without that name."""
    item = with_place(_new_item(entry, next_no, list_id, next_no << GAP_BITS), habit)
    return Plan([Outcome("added", item)], {item.id: Change(None, item)})


def _new_item(entry: ParsedItem, no: int, list_id: UUID, position: int) -> Item:
    return Item(
        id=new_id(),
        no=no,
        list_id=list_id,
        name=entry.name,
        name_key=entry.name_key,
        position=position,
        checked_at=entry.checked_at,
        checked_by=entry.checked_by,
        **entry.details(),
    )


class Planner:
    """Decides as `plan_add` does, entry by entry. With `in_order`, each new line comes behind all others, also where it
    could stand beside one of its name."""

    def __init__(
        self,
        existing: Iterable[Item],
        list_id: UUID,
        next_no: int,
        room: int,
        *,
        in_order: bool = False,
        habits: Habits | None = None,
    ) -> None:
        self._habits: Mapping[str, Habit] = habits or {}
        self._list_id = list_id
        self._before = {item.id: item for item in existing}
        self._by_name: dict[str, dict[UUID, Item]] = {}
        for item in self._before.values():
            self._by_name.setdefault(item.name_key, {})[item.id] = item
        self._next_no = next_no
        self._room = room
        self._in_order = in_order
        self._next_position = next_no << GAP_BITS
        self.plan = Plan()

    def add(self, entry: ParsedItem, on_duplicate: OnDuplicate) -> Outcome | Impossible:
        """Decide what becomes of one entry, and note its change in `plan`."""
        if entry.checked_at is not None:
            return self._add_checked(entry, on_duplicate)
        alike = self._by_name.setdefault(entry.name_key, {}).values()
        same = [item for item in alike if _is_same_thing(item, entry)]
        open_lines = [item for item in same if item.checked_at is None]
        if on_duplicate == "skip" and open_lines:
            return Outcome("skipped", open_lines[0])
        if on_duplicate in ("merge", "convert") and open_lines:
            line = _line_to_join(open_lines, entry)
            if line is not None:
                return self._merge(line, entry, _sum_of(line, entry))
            if on_duplicate == "convert" and (weighed := _weighed(open_lines, entry)) is not None:
                return self._merge(weighed[0], entry, weighed[1])
        reopens = bool(same) and not open_lines and on_duplicate != "separate"
        if self._room <= 0 and not reopens:
            return "list_full"
        if sum(item.checked_at is None for item in alike) >= LINES_PER_NAME:
            return "too_many_alike"
        if reopens:
            return self._reopen(max(same, key=lambda item: (item.checked_at, item.no)), entry)
        return self._append(entry, alike, beside=open_lines[-1] if open_lines and not self._in_order else None)

    def _add_checked(self, entry: ParsedItem, on_duplicate: OnDuplicate) -> Outcome | Impossible:
        """Add a line that is checked, unless the same one is there; no later entry joins or reopens it."""
        if on_duplicate != "separate":
            alike = self._by_name.get(entry.name_key, {}).values()
            same = (item for item in alike if item.note_key == entry.note_key)
            known = next((item for item in same if on_duplicate == "skip" or _is_same_state(item, entry)), None)
            if known is not None:
                return Outcome("skipped", known)
        if self._room <= 0:
            return "list_full"
        added = _new_item(entry, self._next_no, self._list_id, self._take_position())
        self._next_no += 1
        self._room -= 1
        self.plan.changes[added.id] = Change(None, added)
        return Outcome("added", added)

    def _merge(self, line: Item, entry: ParsedItem, quantity: Quantity | None) -> Outcome | Impossible:
        """Let an entry join a line, which has that quantity then."""
        if quantity is not None and quantity.amount > LARGEST:
            return "too_much"
        merged = replace(line, **{**entry.details(), "note": line.note, "quantity": quantity})
        if merged == line:
            return Outcome("skipped", line)
        if merged.measure != line.measure:
            merged = self._with_free_variant(merged)
        return Outcome("merged", self._store(merged), before=line)

    def _reopen(self, line: Item, entry: ParsedItem) -> Outcome:
        dropped = dict.fromkeys(each.name for each in DETAILS if each.once)
        values = {**dropped, **entry.details(), "note": line.note, "checked_at": None, "checked_by": None}
        reopened = replace(line, **values, position=self._take_position())
        reopened = with_place(reopened, self._habits.get(entry.name_key))
        return Outcome("restored", self._store(self._with_free_variant(reopened)), before=line)

    def _append(self, entry: ParsedItem, alike: Iterable[Item], beside: Item | None) -> Outcome:
        similar = [item for item in alike if item.is_open and _differs_in_measure_or_day(item, entry)]
        position = self._take_position() if beside is None else beside.position + 1
        added = _new_item(entry, self._next_no, self._list_id, position)
        added = with_place(added, self._habits.get(entry.name_key))
        self._next_no += 1
        self._room -= 1
        return Outcome("added", self._store(self._with_free_variant(added)), similar=similar)

    def _take_position(self) -> int:
        """Return the position behind everything else."""
        position = self._next_position
        self._next_position += 1 << GAP_BITS
        return position

    def _with_free_variant(self, line: Item) -> Item:
        """Return an open line with the smallest number that none of the others of its name and measure has."""
        taken = {
            item.variant
            for item in self._by_name[line.name_key].values()
            if item.id != line.id and item.checked_at is None and item.measure == line.measure
        }
        variant = next(number for number in range(len(taken) + 1) if number not in taken)
        return line if variant == line.variant else replace(line, variant=variant)

    def _store(self, item: Item) -> Item:
        self._by_name[item.name_key][item.id] = item
        self.plan.changes[item.id] = Change(self._before.get(item.id), item)
        return item


def _is_same_thing(item: Item, entry: ParsedItem) -> bool:
    if item.note_key != entry.note_key:
        return False
    # An item for a later day is not needed today: if they were joined, one of the two would come at the wrong time.
    return not item.is_open or item.not_before == entry.not_before


def _differs_in_measure_or_day(item: Item, entry: ParsedItem) -> bool:
    if item.note_key != entry.note_key:
        return False
    measure = "none" if entry.quantity is None else entry.quantity.measure
    return item.measure != measure or item.not_before != entry.not_before


def _is_same_state(item: Item, entry: ParsedItem) -> bool:
    return item.checked_at == entry.checked_at and item.quantity == entry.quantity


def _sum_of(line: Item, entry: ParsedItem) -> Quantity | None:
    """Return the amounts of a line and of an entry that joins it together."""
    if line.quantity is None or entry.quantity is None:
        return line.quantity or entry.quantity
    return line.quantity.plus(entry.quantity)


def _weighed(open_lines: Sequence[Item], entry: ParsedItem) -> tuple[Item, Quantity] | None:
    """Return the line whose amount can be added to by weight, although one is a volume, and the sum in grams."""
    added = None if entry.quantity is None else in_grams(entry.name_key, entry.quantity)
    if added is None:
        return None
    for line in open_lines:
        weight = None if line.quantity is None else in_grams(line.name_key, line.quantity)
        if weight is not None:
            return line, weight.plus(added)
    return None


def _line_to_join(open_lines: Sequence[Item], entry: ParsedItem) -> Item | None:
    """Return the line whose amount can be added to: of the same measure, else one where either side has no amount."""
    if entry.quantity is None:
        return open_lines[0]
    measure = entry.quantity.measure
    return next(
        (line for line in open_lines if line.measure == measure),
        next((line for line in open_lines if line.quantity is None), None),
    )
