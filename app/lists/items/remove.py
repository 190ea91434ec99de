"""Removing items: by name, or everything that was bought, or everything there is, from one list or all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from app.errors import AppError, Invalid
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after
from app.lists.items.edits import Edits
from app.lists.items.fields import Item
from app.lists.items.filters import ItemFilter, find_matching
from app.lists.items.resolve import resolve_items
from app.lists.models import Changed, ItemResult, Outcome, RefusedEntry, name_of
from app.lists.repository import Clock
from app.runtime.batches import map_in_batches

What = Literal["checked", "all"]


async def remove_items(
    tenant: Tenant,
    names: Sequence[str | RefusedEntry] | None,
    what: What | None,
    list_name: str | None,
    *,
    dry_run: bool,
) -> Changed:
    """Remove named items, or the checked ones or all of the named list, or of all lists (`*`); with `dry_run`, only
    report what would be removed.

    With `checked`, items that repeat are kept: once removed, they would never come back.
    Raises `Invalid` unless exactly one of `names` and `what` is given, `NotFound` for the list, and `LimitReached` for
    more items than a list can hold.
    """
    if names is not None and what is None:
        named = await resolve_items(tenant, names, list_name)
        on, items, sent = named.on, list(named.items), [name_of(name) for name in names]
    elif names is None and what is not None:
        on, found = await find_matching(tenant, ItemFilter(view=what), list_name)
        items, sent = list(found), [item.name for item in found]
    else:
        raise Invalid("items or what: name items, or give what=checked or what=all, and not both.", field="items")
    clock = await repository.read_clock(tenant)
    found = [each for each in items if isinstance(each, Item)]
    edits = Edits(found)

    def remove(named: tuple[str, Item | AppError]) -> ItemResult:
        name, item = named
        return ItemResult(name, _remove(edits, item, clock, keep_repeating=what == "checked", dry_run=dry_run))

    entries = await map_in_batches(remove, [*zip(sent, items, strict=True)])
    event_no = None
    if not dry_run:
        changes = await map_in_batches(edits.change_of, edits.all())
        event_no = await record_items(tenant, "remove_items", clock, changes)
    lists = await lists_of_call(tenant, on, found)
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no)


def _remove(
    edits: Edits, item: Item | AppError, clock: Clock, *, keep_repeating: bool, dry_run: bool
) -> Outcome | AppError:
    if isinstance(item, AppError):
        return item
    now = edits.now(item.id)
    if now.deleted_at is not None:
        return Outcome("unchanged", now)
    if keep_repeating and now.repeat_days is not None:
        return Outcome("kept", now)
    edits.put(replace(now, deleted_at=clock.now))
    return Outcome("would_remove" if dry_run else "removed", now)
