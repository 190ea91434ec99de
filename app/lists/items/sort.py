"""Sorting a list for good: by name, or in the order in which a store has things."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Final, Literal

from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.items import filter_repository
from app.lists.items.edits import Edits, changed_first
from app.lists.items.fields import Item
from app.lists.items.move import place
from app.lists.items.ordering import Spot, plan_sort
from app.lists.models import ITEMS_PER_LIST, Changed, ItemResult, Outcome, ShoppingList
from app.lists.resolve_list import resolve_list
from app.runtime.batches import map_in_batches
from app.text import fold

SortBy = Literal["aisle", "name"]
Place = tuple[object, ...]

_UNKNOWN: Final = float("inf")


async def sort_items(tenant: Tenant, list_name: str | None, by: SortBy, *, dry_run: bool) -> Changed:
    """Store a new order of all items of a list, checked ones too; equal ones keep theirs.

    By aisle, items of one store stand together, the list's own store first, and in it as it was learned from shopping
    trips; a thing that nobody bought there yet stands where others of its category are. Then come the categories, in
    the list's order. With `dry_run`, only report what would move. Raises `NotFound` for the list.
    """
    on = await resolve_list(tenant, list_name)
    clock = await repository.read_clock(tenant)
    found = await filter_repository.items_with(tenant, [on.id], None, None, None, "all", most=ITEMS_PER_LIST)
    place_of = _by_name if by == "name" else await _by_aisle(tenant, on, found)
    places = await map_in_batches(place_of, found)
    in_order = [found[index] for index in sorted(range(len(found)), key=places.__getitem__)]
    spots = [Spot(item.no, item.position) for item in found]
    edits = Edits(in_order)
    await place(edits, on.id, plan_sort(spots, [item.no for item in in_order], clock.next_item))
    status = "would_move" if dry_run else "moved"

    def conclude(item: Item) -> ItemResult:
        now = edits.now(item.id)
        return ItemResult(item.name, Outcome(status if now != item else "unchanged", now))

    entries = changed_first(await map_in_batches(conclude, in_order))
    event_no = None if dry_run else await record_items(tenant, "move_items", clock, await edits.changes())
    return Changed([on], rev_after(clock, [on], event_no), entries, event_no)


def _by_name(item: Item) -> Place:
    return (fold(item.name),)


async def _by_aisle(tenant: Tenant, on: ShoppingList, items: Sequence[Item]) -> Callable[[Item], Place]:
    names = {name for item in items if (name := item.store or on.store) is not None}
    keys = dict(zip(names, await map_in_batches(fold, names), strict=True))
    aisles = await filter_repository.aisles_of(tenant, set(keys.values()), on.id)
    learned = {(aisle.store_key, aisle.name_key): aisle.place for aisle in aisles}
    of_categories = _places_of_categories(on, items, keys, learned)
    own = None if on.store is None else fold(on.store)
    ranks = {fold(category): rank for rank, category in enumerate(on.category_order)}

    def place_of(item: Item) -> Place:
        store = keys.get(item.store or on.store or "")
        category = None if item.category is None else fold(item.category)
        known = of_categories.get((store, item.category), _UNKNOWN)
        return (
            store != own if store is not None else 2,
            store or "",
            learned.get((store or "", item.name_key), known),
            category is None,
            ranks.get(category or "", len(ranks)),
            category or "",
        )

    return place_of


def _places_of_categories(
    on: ShoppingList,
    items: Sequence[Item],
    keys: Mapping[str, str],
    learned: Mapping[tuple[str, str], float],
) -> dict[tuple[str | None, str | None], float]:
    """Return the mean of the learned places of the items of each store and category."""
    places: dict[tuple[str | None, str | None], list[float]] = defaultdict(list)
    for item in items:
        store = keys.get(item.store or on.store or "")
        known = learned.get((store or "", item.name_key))
        if known is not None and item.category is not None:
            places[store, item.category].append(known)
    return {each: fmean(known) for each, known in places.items()}
