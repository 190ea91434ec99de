"""An add that is planned before anything was read: as though the list had nothing of these names, and room enough."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from app.lists.merging import plan_add
from app.lists.model import GAP_BITS, Item, OnDuplicate, Outcome, Wanted

_NO_LIST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Draft:
    """New items, with numbers and positions that count from 0 and no list yet, and what becomes of each entry.

    Without items there is nothing that could be stored as it is.
    """

    items: Sequence[Item] = ()
    outcomes: Sequence[Outcome] = field(default=())

    def placed(self, first_no: int, list_id: UUID) -> list[Outcome]:
        """What became of each entry, once the items stand on the list with numbers from `first_no`."""
        return [replace(outcome, item=_placed(outcome.item, first_no, list_id)) for outcome in self.outcomes]


def draft_add(wanted: Sequence[Wanted], on_duplicate: OnDuplicate) -> Draft:
    """The draft of an add; an empty one where it takes a look at the clock or the list to know what becomes of it."""
    if any(entry.not_before is not None for entry in wanted):
        return Draft()
    plan = plan_add((), wanted, on_duplicate, next_no=0, list_id=_NO_LIST)
    outcomes = [outcome for outcome in plan.outcomes if isinstance(outcome, Outcome)]
    if len(outcomes) < len(plan.outcomes):
        return Draft()
    return Draft([change.after for change in plan.changes.values()], outcomes)


def _placed(item: Item, first_no: int, list_id: UUID) -> Item:
    return replace(item, no=first_no + item.no, position=(first_no << GAP_BITS) + item.position, list_id=list_id)
