"""What may have been meant by a name that is not on the list it was looked for on."""

from collections.abc import Collection, Sequence
from typing import Final

from app.households.tenant import Tenant
from app.lists import item_repository, repository
from app.lists.model import Item, ShoppingList
from app.lists.resembling import Resembling

CANDIDATES: Final = 8
_COMPARED: Final = 1_000


async def candidates_for(
    tenant: Tenant, looked_on: ShoppingList, name_keys: Collection[str]
) -> dict[str, Sequence[str]]:
    """By folded name: things of that very name on other lists, then those of a similar one on this list."""
    resembling = Resembling(await item_repository.names_on(tenant, looked_on.id, _COMPARED))
    elsewhere = await item_repository.named_elsewhere(tenant, looked_on.id, name_keys, _COMPARED)
    lists = await repository.lists_with(tenant, {item.list_id for item in elsewhere}) if elsewhere else {}
    found: dict[str, Sequence[str]] = {}
    for key in name_keys:
        there = [label_of(item, lists[item.list_id]) for item in elsewhere if item.name_key == key]
        here = [label_of(item) for item in resembling.to(key, CANDIDATES)]
        found[key] = (there + here)[:CANDIDATES]
    return found


def label_of(item: Item, on: ShoppingList | None = None) -> str:
    """An item as candidates show it: `2 kg flour (i3)`, `milk (lactose free) (i7)`, `nails (i9 on L2)`."""
    amount = f"{item.quantity} " if item.quantity is not None else ""
    note = f" ({item.note.splitlines()[0][:40]})" if item.note else ""
    where = f" on {on.ref}" if on is not None else ""
    return f"{amount}{item.name}{note} ({item.ref}{where})"
