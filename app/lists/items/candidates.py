"""Candidates for a name that is on no list: items of other lists, and items whose names resemble it."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Final

from app.households.tenant import Tenant
from app.lists import repository
from app.lists.items import repository as item_repository
from app.lists.items.fields import Item
from app.lists.models import ShoppingList
from app.quantities.matching import ALIKE_ENOUGH, likeness, pairs_of

CANDIDATES: Final = 8
"""The most that an answer offers for one name."""

_COMPARED: Final = 1_000
"""The most items that are compared with a name."""


async def candidates_for(
    tenant: Tenant, looked_on: ShoppingList, name_keys: Collection[str]
) -> dict[str, Sequence[str]]:
    """Return candidates by folded name: items of that name on other lists, then items of similar names on this list."""
    resembling = Resembling(await item_repository.items_on(tenant, looked_on.id, _COMPARED))
    elsewhere = await item_repository.items_elsewhere(tenant, looked_on.id, name_keys, _COMPARED)
    lists = await repository.lists_with(tenant, {item.list_id for item in elsewhere}) if elsewhere else {}
    found: dict[str, Sequence[str]] = {}
    for key in name_keys:
        there = [label_of(item, lists[item.list_id]) for item in elsewhere if item.name_key == key]
        here = [label_of(item) for item in resembling.to(key, CANDIDATES)]
        found[key] = (there + here)[:CANDIDATES]
        await asyncio.sleep(0)  # for others: each name is compared with a thousand items
    return found


def label_of(item: Item, on: ShoppingList | None = None) -> str:
    """Return an item as candidates show it: `2 kg flour (i3)`, `milk (lactose free) (i7)`, `nails (i9 on L2)`."""
    amount = f"{item.quantity} " if item.quantity is not None else ""
    note = f" ({item.note.splitlines()[0][:40]})" if item.note else ""
    where = f" on {on.ref}" if on is not None else ""
    return f"{amount}{item.name}{note} ({item.ref}{where})"


class Resembling:
    """The items of a list, indexed by the words and the letter pairs of their names.

    Pairs of neighbouring letters are compared by Dice's coefficient. Names are split once, because one call may ask a
    hundred times: comparing letter by letter would take minutes.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._named: dict[str, list[Item]] = {}
        for item in items:
            self._named.setdefault(item.name_key, []).append(item)
        self._words: Mapping[str, frozenset[str]] = {key: frozenset(key.split()) for key in self._named}
        self._pairs: Mapping[str, frozenset[str]] = {key: pairs_of(key) for key in self._named}

    def to(self, name_key: str, most: int) -> Sequence[Item]:
        """Return at most `most` items that share a word or most letters with a folded name, the nearest first."""
        words, pairs = frozenset(name_key.split()), pairs_of(name_key)
        near: list[tuple[float, str]] = []
        for key, others in self._pairs.items():
            how_much = likeness(pairs, others)
            if how_much >= ALIKE_ENOUGH or not words.isdisjoint(self._words[key]):
                near.append((how_much, key))
        nearest = nlargest(most, near, key=lambda each: each[0])
        return [item for _, key in nearest for item in self._named[key]][:most]
