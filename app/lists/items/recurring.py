"""Items with a day of their own: repeating ones come back when they are due, waiting ones become open.

`now` is in the household's time zone, which decides what day it is.
"""

from dataclasses import replace
from datetime import datetime

from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import record_items
from app.lists.items import repository as item_repository
from app.lists.items.edits import Edits, settle_variants
from app.lists.models import GAP_BITS


async def is_anything_due(tenant: Tenant, now: datetime) -> bool:
    """Return whether there is something to bring back or to wake."""
    return bool(
        await item_repository.items_to_repeat(tenant, now, most=1)
        or await item_repository.items_to_wake(tenant, now.date(), most=1)
    )


async def bring_back(tenant: Tenant, now: datetime) -> int:
    """Reopen items that are due to repeat, at the end of their lists, and return how many.

    Quantity and details stay, for they belong to the repetition; the price belonged to the purchase. Removed items, and
    items on archived lists, don't come back.
    """
    due = await item_repository.items_to_repeat(tenant, now)
    clock = await repository.read_clock(tenant)
    edits = Edits(due)
    for number, item in enumerate(due):
        position = clock.next_item + number << GAP_BITS
        edits.put(replace(item, checked_at=None, checked_by=None, price=None, position=position))
    changed = await edits.changed()
    namesakes = await item_repository.open_namesakes(tenant, changed)
    edits.put_all(await settle_variants(changed, namesakes, bounded=False))
    await record_items(tenant, "repeat_items", clock, await edits.changes())
    return len(due)


async def wake(tenant: Tenant, now: datetime) -> int:
    """Clear the day of items whose day has come, so that followers of the list see them; return how many."""
    waiting = await item_repository.items_to_wake(tenant, now.date())
    clock = await repository.read_clock(tenant)
    edits = Edits(waiting)
    edits.put_all(replace(item, not_before=None) for item in waiting)
    await record_items(tenant, "wake_items", clock, await edits.changes())
    return len(waiting)
