"""Storing what a call changed, together with the event that records it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress
from typing import TypeVar
from uuid import UUID

from app.households.tenant import ProvenHousehold, Tenant
from app.lists import repository
from app.lists.history.changes import AnyChange, PurchaseChange, as_json
from app.lists.history.repository import insert_event
from app.lists.items.expectations import expectations
from app.lists.items.repository import ItemSituation
from app.lists.items.save_repository import next_item_after, save_alone, save_changes
from app.lists.models import Change, Changed, Item, ItemResult, ShoppingList
from app.lists.purchases.repository import delete_purchases, insert_purchases
from app.lists.repository import Clock
from app.runtime.batches import map_in_batches

Answer = TypeVar("Answer")


async def record_items(
    tenant: Tenant,
    kind: str,
    clock: Clock,
    changes: Collection[Change],
    *,
    others: Iterable[AnyChange] = (),
    about: UUID | None = None,
) -> int | None:
    """Store changes of items and the event `kind`, and return its number; None when there is nothing to store.

    `others` are changes of other things that belong to the same call and are stored already, but for purchases;
    `about` is the event's list where no item changed.
    """
    others = list(others)
    changes = list(compress(changes, await map_in_batches(_is_different, changes)))
    all_changes: list[AnyChange] = [*changes, *others]
    if not all_changes:
        return None
    touched = {item.list_id for change in changes for item in (change.before, change.after) if item is not None}
    list_id = about if not touched else touched.pop() if len(touched) == 1 else None
    recorded = await as_json(all_changes, with_lists=list_id is None)
    if changes:
        event_no = await save_changes(tenant, clock, kind, list_id, changes, recorded)
        expectations.note_clock(tenant, clock.rev, next_item_after(clock, changes), event_no + 1)
    else:
        event_no = await insert_event(tenant, kind, list_id, recorded)
    by_themselves = [change for change in others if isinstance(change, PurchaseChange)]
    # What takes the place of a purchase has its id.
    unbought = [change.unbought for change in changes] + [change.before for change in by_themselves]
    if gone := [purchase for purchase in unbought if purchase is not None]:
        await delete_purchases(tenant, gone)
    bought = [change.bought for change in changes] + [change.after for change in by_themselves]
    if new := [purchase for purchase in bought if purchase is not None]:
        await insert_purchases(tenant, event_no, new)
    return event_no


def _is_different(change: Change) -> bool:
    return change.before != change.after


async def save_answered(
    household: ProvenHousehold,
    kind: str,
    found: ItemSituation,
    changes: Sequence[Change],
    entries: Sequence[ItemResult],
    answer: Callable[[Changed], Answer],
) -> Answer | None:
    """Answer a call about items of one list, then store its changes and its event in one message, if no other write
    came after `found` was read. Return the answer; None when nothing was stored.

    Needs the turn of the household's writer.
    """
    clock, on = found.clock, found.on
    event_no = clock.next_event if changes else None
    answered = answer(Changed([on], rev_after(clock, [on], event_no), entries, event_no))
    if changes:
        if not await save_alone(household, clock, kind, on.id, changes, await as_json(changes)):
            return None
        expectations.note_clock(household, clock.rev, next_item_after(clock, changes), clock.next_event + 1)
    return answered


async def lists_of_call(tenant: Tenant, named: ShoppingList | None, items: Iterable[Item]) -> Sequence[ShoppingList]:
    """Return the lists that a call is about: those of the items it found, else the one it named."""
    list_ids = {item.list_id for item in items}
    if named is not None and list_ids <= {named.id}:
        return [named]
    found = await repository.lists_with(tenant, list_ids)
    return sorted(found.values(), key=lambda each: each.no)


def rev_after(clock: Clock, lists: Sequence[ShoppingList], event_no: int | None) -> int:
    """Return the revision that a caller has seen after a call; the lists' own when nothing changed."""
    return clock.rev if event_no is not None else max((each.rev for each in lists), default=clock.rev)
