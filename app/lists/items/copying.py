"""Copying the items of a list to a new one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import compress, count
from operator import attrgetter
from typing import Final

from app.db import new_id
from app.households.tenant import Tenant
from app.lists.items import repository
from app.lists.items.edits import settle_variants
from app.lists.items.fields import Item
from app.lists.models import GAP_BITS, ITEMS_PER_LIST, ShoppingList, View
from app.lists.repository import Clock
from app.runtime.batches import map_in_batches

_IN_VIEW: Final[dict[View, Callable[[Item], bool]]] = {
    "open": lambda item: item.checked_at is None,
    "checked": lambda item: item.checked_at is not None,
    "all": lambda item: True,
}


async def copies_of_items(
    tenant: Tenant, source: ShoppingList, target: ShoppingList, view: View, clock: Clock
) -> list[Item]:
    """Return copies of the items in a view of a list, in its order and numbered from the clock's next number, as open
    items of another list that has none.

    Raises `LimitReached` where a name would have too many open lines.
    """
    found = await repository.items_on(tenant, source.id, ITEMS_PER_LIST)
    in_view = list(compress(found, await map_in_batches(_IN_VIEW[view], found)))
    in_order = sorted(in_view, key=attrgetter("position", "no"))
    numbers = count(clock.next_item)

    def copy(item: Item) -> Item:
        no = next(numbers)
        return replace(
            item,
            id=new_id(),
            no=no,
            list_id=target.id,
            position=no << GAP_BITS,
            variant=0,
            checked_at=None,
            checked_by=None,
            rev=0,
        )

    return await settle_variants(await map_in_batches(copy, in_order), ())
