"""Moving items: to another list, to an end of a list, or before another item; those that are named, or described."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.errors import AppError, Invalid, LimitReached
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after
from app.lists.items import repository as item_repository
from app.lists.items.edits import Edits, changed_first, settle
from app.lists.items.fields import Item
from app.lists.items.filters import NO_FILTER, ItemFilter, find_matching, require_names_or_filter
from app.lists.items.ordering import End, plan_move
from app.lists.items.resolve import resolve_items
from app.lists.models import ITEMS_PER_LIST, Changed, ItemResult, Outcome, RefusedEntry, ShoppingList, name_of
from app.lists.repository import Clock
from app.lists.resolve_list import resolve_list
from app.runtime.batches import map_in_batches


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to move items: a list by name or ref (None: each item stays on its list), and its top, its bottom, or the
    item to stand before."""

    to_list: str | None = None
    to: End | None = None
    before: str | None = None


async def move_items(
    tenant: Tenant,
    names: Sequence[str | RefusedEntry] | None,
    list_name: str | None,
    destination: Destination,
    *,
    by: ItemFilter = NO_FILTER,
    dry_run: bool = False,
) -> Changed:
    """Move named items, in the order of the call, or those that a filter fits, in the order of their lists: open ones
    unless it says otherwise. On another list they stay lines of their own, never merged. With `dry_run`, only report
    what would be moved.

    Raises `Invalid` unless items are either named or described, and when the destination makes no sense; `NotFound` for
    a list, the item to stand before, or a filter that fits nothing.
    """
    require_names_or_filter(names, by)
    _check(destination)
    to_list = destination.to_list
    target = None if to_list is None else await resolve_list(tenant, to_list, field="to_list")
    if names is not None:
        named = await resolve_items(tenant, names, list_name)
        on, found, sent = named.on, named.items, [name_of(name) for name in names]
    else:
        on, found = await find_matching(tenant, replace(by, view=by.view or "open"), list_name)
        sent = [item.name for item in found]
    clock = await repository.read_clock(tenant)
    results = _with_room(found, target, "items[{}]" if names is not None else "to_list")
    moving = list({each.id: each for each in results if isinstance(each, Item)}.values())
    anchor = await _anchor(tenant, destination, moving)
    edits = Edits(moving)
    await _move(tenant, edits, moving, target, anchor or destination.to or "bottom", clock)
    await settle(tenant, edits)
    event_no = None if dry_run else await record_items(tenant, "move_items", clock, await edits.changes())
    there = moving if dry_run else await map_in_batches(lambda item: edits.now(item.id), moving)
    lists = await lists_of_call(tenant, target or on, there)
    before = {item.id: item for item in moving}

    def conclude(entry: tuple[str, Item | AppError]) -> ItemResult:
        name, result = entry
        return ItemResult(name, _outcome(result, edits, before, dry_run=dry_run))

    entries = await map_in_batches(conclude, [*zip(sent, results, strict=True)])
    if names is None:
        entries = changed_first(entries)
    from_to = await _list_names(tenant, target, moving)
    return Changed(lists, rev_after(clock, lists, event_no), entries, event_no, names=from_to)


async def _list_names(tenant: Tenant, target: ShoppingList | None, moving: Sequence[Item]) -> dict[UUID, str]:
    """Return the names of the lists that items come from and go to, where they change."""
    left = {item.list_id for item in moving if target is not None and item.list_id != target.id}
    if target is None or not left:
        return {}
    return {target.id: target.name} | {
        each.id: each.name for each in (await repository.lists_with(tenant, left)).values()
    }


def _check(destination: Destination) -> None:
    if destination.to is not None and destination.before is not None:
        raise Invalid("before and to: give one of them, not both.", field="before")
    if destination == Destination():
        raise Invalid("to is missing: say where with to, before or to_list.", field="to")


def _with_room(items: Sequence[Item | AppError], target: ShoppingList | None, field: str) -> Sequence[Item | AppError]:
    """Return the items, with a refusal in place of each that the target list has no room for; it names `field`."""
    if target is None:
        return items
    coming = dict.fromkeys([each.id for each in items if isinstance(each, Item) and each.list_id != target.id])
    refused = set(list(coming)[target.room :])
    message = f"{target.ref} is full ({ITEMS_PER_LIST:,} items). Remove what was bought, or use another list."
    return [
        LimitReached(message, field=field.format(number)) if isinstance(each, Item) and each.id in refused else each
        for number, each in enumerate(items)
    ]


async def _anchor(tenant: Tenant, destination: Destination, moving: Sequence[Item]) -> Item | None:
    """Return the item to stand before, on the target list or else on the one list of the items."""
    if destination.before is None or not moving:
        return None
    list_name = destination.to_list
    if list_name is None:
        lists = await lists_of_call(tenant, None, moving)
        if len(lists) != 1:
            raise Invalid("to_list is missing: the items are on several lists.", field="to_list")
        list_name = lists[0].ref
    (anchor,) = (await resolve_items(tenant, [destination.before], list_name, field="before")).items
    if isinstance(anchor, AppError):
        raise anchor
    if anchor.id in {item.id for item in moving}:
        raise Invalid("before is one of the items to move; name another one.", field="before")
    return anchor


async def _move(
    tenant: Tenant,
    edits: Edits,
    moving: Iterable[Item],
    target: ShoppingList | None,
    to: Item | End,
    clock: Clock,
) -> None:
    by_list: dict[UUID, list[int]] = defaultdict(list)
    for item in moving:
        by_list[target.id if target is not None else item.list_id].append(item.no)
    next_no = clock.next_item
    for list_id, numbers in by_list.items():
        order = await item_repository.order_of(tenant, list_id)
        positions = plan_move(order, numbers, to.no if isinstance(to, Item) else to, next_no)
        next_no += 1
        pushed = await item_repository.items_numbered(tenant, positions.keys() - set(numbers))
        edits.add(pushed.values())
        await place(edits, list_id, positions)


async def place(edits: Edits, list_id: UUID, positions: Mapping[int, int]) -> None:
    """Put items of a call on a list, at positions by item number."""
    going = [item for item in edits.all() if item.no in positions]
    edits.put_all(await map_in_batches(lambda item: replace(item, list_id=list_id, position=positions[item.no]), going))


def _outcome(result: Item | AppError, edits: Edits, before: dict[UUID, Item], *, dry_run: bool) -> Outcome | AppError:
    if isinstance(result, AppError):
        return result
    now = edits.now(result.id)
    if now == before[result.id]:
        return Outcome("unchanged", now)
    return Outcome("would_move" if dry_run else "moved", now, before=before[result.id])
