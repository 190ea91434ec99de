"""The order of a store, as learned from shopping trips, for the lists that are shopped for there."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.households.tenant import ProvenHousehold, Tenant
from app.lists.models import Order, ShoppingList
from app.lists.store_order_repository import store_order_applies, store_order_applies_alone
from app.runtime.latest import Latest
from app.text import fold

MOST_KEPT: Final = 10_000
"""Answers that a process keeps, of lists as they are: some 3 MiB."""

_SORTED: Final[frozenset[Order]] = frozenset({"own", "none", "category"})
"""The orders that a store's takes the place of; by others, people ask for something else."""

_Key = tuple[UUID, UUID, int, str]


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """The order of a store, by the name that people use."""

    store: str

    @property
    def store_key(self) -> str:
        """The folded name."""
        return fold(self.store)

    def __str__(self) -> str:
        """Say which order a list is in: `learned for "Aldi"`."""
        return f'learned for "{self.store}"'


_answers: Final = Latest[_Key, bool](MOST_KEPT)
"""Whether the order of a store applies to a list at a revision. What is learned from another list counts from the next
change of this one on."""


def possible_order(on: ShoppingList, group_by: Order, store: str | None) -> StoreOrder | None:
    """Return the order that a list could be shown in: of the store that was asked for, else of its own. None where
    there is no store, or the list has an order of categories."""
    named = store or on.store
    return StoreOrder(named) if named is not None and group_by in _SORTED and not on.category_order else None


async def applies(tenant: Tenant, on: ShoppingList, order: StoreOrder) -> bool:
    """Return whether the store is known well enough, and nobody ordered the list by hand."""
    key = (tenant.household_id, on.id, on.rev, order.store_key)
    known = _answers.get(key)
    if known is None:
        known = await store_order_applies(tenant, order.store_key, on.id)
        _answers.put(key, known)
    return known


async def applies_alone(household: ProvenHousehold, on: ShoppingList, order: StoreOrder) -> bool:
    """Return what `applies` does, in one message, or in none while the list stays as it is."""
    key = (household.household_id, on.id, on.rev, order.store_key)
    known = _answers.get(key)
    if known is None:
        known = await store_order_applies_alone(household, order.store_key, on.id)
        _answers.put(key, known)
    return known
