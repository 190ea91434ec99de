"""What the next write in a household is expected to find, so that it can be planned before it is sent.

An expectation is only ever a guess: the statement that is sent with it stores nothing unless it is true.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items.habits import Habit
from app.lists.models import ShoppingList
from app.lists.repository import Clock
from app.lists.resolve_list import list_key
from app.records import record
from app.runtime.latest import Latest

MOST_KEPT: Final = 10_000
"""How many households, names of lists, and habits this process keeps in mind: some 10 MiB."""


@record()
class Expected:
    """The clock of a household as the next write is expected to find it, and the list that it is about."""

    rev: int
    next_item: int
    next_event: int
    list_id: UUID
    list_no: int
    list_name: str


ListName = tuple[UUID, UUID | None, tuple[int | None, str] | None]
"""A household, and what finds one of its lists: a name, or the person whose default list it is."""


class Expectations:
    """What the writers of this process saw last, by household."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._clocks: Latest[UUID, tuple[int, int, int]] = Latest(most)
        self._lists: Latest[ListName, tuple[UUID, int, str]] = Latest(most)
        self._habits: Latest[tuple[UUID, str], Habit] = Latest(most)

    def __len__(self) -> int:
        return len(self._clocks) + len(self._lists) + len(self._habits)

    def of(self, household: ProvenHousehold, list_name: str | None) -> Expected | None:
        """Return what a write to the named or else the default list is expected to find, if anything is known."""
        clock = self._clocks.get(household.household_id)
        on = self._lists.get(_list_name(household, list_name))
        return None if clock is None or on is None else Expected(*clock, *on)

    def habits_of(self, household: ProvenHousehold, name_keys: Iterable[str]) -> dict[str, Habit]:
        """Return what is expected to be remembered of these names; names without it are left out."""
        if not self._habits:
            return {}
        found = {key: self._habits.get((household.household_id, key)) for key in name_keys}
        return {key: habit for key, habit in found.items() if habit is not None}

    def note_habits(self, household: ProvenHousehold, name_keys: Iterable[str], habits: Mapping[str, Habit]) -> None:
        """Note what was read of these names."""
        for key in name_keys:
            if key in habits:
                self._habits.put((household.household_id, key), habits[key])
            else:
                self._habits.drop((household.household_id, key))

    def note_clock(self, household: ProvenHousehold | Tenant, rev: int, next_item: int, next_event: int) -> None:
        """Note the household's clock after a write, or as it was read. One that is not stored in the end does no harm:
        the next write finds another."""
        self._clocks.put(household.household_id, (rev, next_item, next_event))

    def note(self, household: ProvenHousehold, list_name: str | None, clock: Clock, on: ShoppingList) -> None:
        """Note what was read for the write that `clock` belongs to."""
        self.note_clock(household, clock.rev - 1, clock.next_item, clock.next_event)
        self._lists.put(_list_name(household, list_name), (on.id, on.no, on.name))


def _list_name(household: ProvenHousehold, list_name: str | None) -> ListName:
    if list_name is None:
        return household.household_id, household.actor.person_id, None
    return household.household_id, None, list_key(list_name)


expectations: Final = Expectations()
