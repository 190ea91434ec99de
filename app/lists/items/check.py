"""Checking items off, which records that they were bought, and unchecking them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from app.errors import AppError
from app.households.models import Membership
from app.households.tenant import ProvenHousehold, Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after, save_answered
from app.lists.items.edits import Edits, settle, settle_variants
from app.lists.items.fields import Item, due_day, parse_label
from app.lists.items.resolve import resolve_item_alone, resolve_items
from app.lists.models import Changed, ItemResult, Outcome, Purchase, RefusedEntry, name_of
from app.lists.purchases.checked_off import purchase_alone, purchases_of, unbought_alone, with_unbought
from app.lists.repository import Clock

Answer = TypeVar("Answer")


async def check_items(
    tenant: Tenant,
    names: Sequence[str | RefusedEntry],
    list_name: str | None,
    *,
    checked: bool,
    store: str | None,
) -> Changed:
    """Mark items as bought, or as not bought after all; items that are so already stay unchanged.

    Each item that becomes checked is a purchase, at `store`, else at the item's or the list's store.
    Raises `NotFound` for the list, and `Invalid` for the store.
    """
    if store is not None:
        store = parse_label(store, "store")
    named = await resolve_items(tenant, names, list_name, prefer="open" if checked else "checked")
    clock = await repository.read_clock(tenant)
    edits = Edits(named.found())
    person_id = tenant.actor.person_id
    results = [_check(person_id, edits, item, clock, checked) for item in named.items]
    lists = await lists_of_call(tenant, named.on, named.found())
    if checked:
        purchases = await purchases_of(tenant, await edits.changed(), lists, clock, store)
        changes = [replace(change, bought=purchases[change.after.id]) for change in await edits.changes()]
        results = [_with_purchase(each, purchases, tenant.membership) for each in results]
    else:
        await settle(tenant, edits)
        changes = await with_unbought(tenant, await edits.changes())
    event_no = await record_items(tenant, "check_items", clock, changes)
    entries = [ItemResult(name_of(name), result) for name, result in zip(names, results, strict=True)]
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


async def check_item_alone(
    household: ProvenHousehold,
    names: Sequence[str | RefusedEntry],
    list_name: str | None,
    *,
    checked: bool,
    store: str | None,
    answer: Callable[[Changed], Answer],
) -> Answer | None:
    """Check off or uncheck one item as `check_items` does, without a transaction around it: by reading it, and storing
    it if nothing has changed since. Return what `answer` makes of the result, before anything is stored.

    None, with nothing stored, where that is not possible: there are several names, or none that is found, or another
    process is writing to the household. Raises `Invalid` for the store.
    """
    if len(names) != 1:
        return None
    if store is not None:
        store = parse_label(store, "store")
    with await household.take_turn():
        prefer = "open" if checked else "checked"
        resolved = await resolve_item_alone(household, names[0], list_name, prefer=prefer, field="items[0]")
        if resolved is None:
            return None
        item, found = resolved
        edits = Edits([item])
        result = _check(household.actor.person_id, edits, item, found.clock, checked)
        try:
            edits.put_all(await settle_variants(await edits.changed(), () if checked else found.namesakes))
        except AppError:
            return None
        changes = await edits.changes()
        if changes and checked:
            bought = await purchase_alone(household, item, found.on, found.clock, store)
            changes = [replace(change, bought=bought) for change in changes]
            result = _with_purchase(result, {item.id: bought}, household.membership)
        elif changes:
            unbought = await unbought_alone(household, item)
            changes = [replace(change, unbought=unbought) for change in changes]
        return await save_answered(
            household, "check_items", found, changes, [ItemResult(name_of(names[0]), result)], answer
        )


def _with_purchase(
    result: Outcome | AppError, purchases: Mapping[UUID, Purchase], membership: Membership
) -> Outcome | AppError:
    if isinstance(result, AppError) or result.status != "checked":
        return result
    bought = purchases[result.item.id]
    return replace(result, bought=bought, comes_back=due_day(bought.bought_at, result.item.repeat_days, membership))


def _check(person_id: UUID, edits: Edits, item: Item | AppError, clock: Clock, checked: bool) -> Outcome | AppError:
    if isinstance(item, AppError):
        return item
    now = edits.now(item.id)
    if (now.checked_at is not None) == checked:
        return Outcome("unchanged", now)
    if checked:
        now = replace(now, checked_at=clock.now, checked_by=person_id)
    else:
        now = replace(now, checked_at=None, checked_by=None)
    edits.put(now)
    return Outcome("checked" if checked else "unchecked", now)
