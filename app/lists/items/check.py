"""Checking items off, which records that they were bought, and unchecking them."""

from collections.abc import Sequence
from dataclasses import replace

from app.errors import AppError
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after
from app.lists.items import repository as item_repository
from app.lists.items.edits import Edits, refuse_all_if_one_fails, settle_variants
from app.lists.items.fields import Item, parse_label
from app.lists.items.purchases import purchases_of, with_unbought
from app.lists.items.resolve import resolve_items
from app.lists.models import Changed, ItemResult, Outcome
from app.lists.repository import Clock


async def check_items(
    tenant: Tenant,
    names: Sequence[str],
    list_name: str | None,
    *,
    checked: bool,
    store: str | None,
    all_or_nothing: bool,
) -> Changed:
    """Mark items as bought, or as not bought after all; items that are so already stay unchanged.

    Each item that becomes checked is a purchase, at `store`, else at the item's or the list's store.
    Raises `NotFound` for the list, `Invalid` for the store, and with `all_or_nothing` the first entry's refusal.
    """
    if store is not None:
        store = parse_label(store, "store")
    named = await resolve_items(tenant, names, list_name, prefer="open" if checked else "checked")
    refuse_all_if_one_fails(named.items, all_or_nothing=all_or_nothing)
    clock = await repository.read_clock(tenant)
    edits = Edits(named.found())
    results = [_check(tenant, edits, item, clock, checked) for item in named.items]
    lists = await lists_of_call(tenant, named.on, named.found())
    if checked:
        purchases = await purchases_of(tenant, edits.changed(), lists, clock, store)
        changes = [replace(change, bought=purchases[change.after.id]) for change in edits.changes()]
    else:
        namesakes = await item_repository.open_namesakes(tenant, edits.changed())
        edits.put_all(settle_variants(edits.changed(), namesakes))
        changes = await with_unbought(tenant, edits.changes())
    event_no = await record_items(tenant, "check_items", clock, changes)
    entries = [ItemResult(name, result) for name, result in zip(names, results, strict=True)]
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


def _check(tenant: Tenant, edits: Edits, item: Item | AppError, clock: Clock, checked: bool) -> Outcome | AppError:
    if isinstance(item, AppError):
        return item
    now = edits.now(item.id)
    if (now.checked_at is not None) == checked:
        return Outcome("unchanged", now)
    if checked:
        now = replace(now, checked_at=clock.now, checked_by=tenant.actor.person_id)
    else:
        now = replace(now, checked_at=None, checked_by=None)
    edits.put(now)
    return Outcome("checked" if checked else "unchecked", now)
