"""Items with a day of their own: repeating ones come back when they are due, and waiting ones stop waiting.

Days are those of UTC: a household has no time zone.
"""

from dataclasses import replace
from datetime import datetime

from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import record_items
from app.lists.items import recurring_repository
from app.lists.items import repository as item_repository
from app.lists.items.edits import Edits, settle_variants
from app.lists.models import GAP_BITS


async def is_anything_due(tenant: Tenant, now: datetime) -> bool:
    """Whether there is something to bring back or to wake."""
    today = now.date()
    return bool(
        await recurring_repository.repeating_due(tenant, today, most=1)
        or await recurring_repository.waiting_until(tenant, today, most=1)
    )


async def bring_back(tenant: Tenant, now: datetime) -> int:
    """Reopen what was bought so many days ago as it repeats after, at the end of its list; how many there were.

    Quantity and details stay, for they belong to the repetition; the price belonged to the purchase. What was removed,
    or is on an archived list, does not come back.
    """
    due = await recurring_repository.repeating_due(tenant, now.date())
    clock = await repository.read_clock(tenant)
    edits = Edits(due)
    for number, item in enumerate(due):
        position = clock.next_item + number << GAP_BITS
        edits.put(replace(item, checked_at=None, checked_by=None, price=None, position=position))
    namesakes = await item_repository.open_namesakes(tenant, edits.changed())
    edits.put_all(settle_variants(edits.changed(), namesakes, bounded=False))
    await record_items(tenant, "repeat_items", clock, edits.changes())
    return len(due)


async def wake(tenant: Tenant, now: datetime) -> int:
    """Take the day off items whose day has come, so that those who follow the list hear of them; how many."""
    waiting = await recurring_repository.waiting_until(tenant, now.date())
    clock = await repository.read_clock(tenant)
    edits = Edits(waiting)
    edits.put_all(replace(item, not_before=None) for item in waiting)
    await record_items(tenant, "wake_items", clock, edits.changes())
    return len(waiting)
