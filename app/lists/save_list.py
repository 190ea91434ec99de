"""Creating lists, changing their settings, and deleting them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from app.db import new_id
from app.errors import Conflict, Invalid, LimitReached
from app.households.currencies import currency_code
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import AnyChange, DefaultChange, ListChange, as_json
from app.lists.history.event_recorder import record_items
from app.lists.history.repository import insert_event
from app.lists.items.copying import copies_of_items
from app.lists.items.fields import NAME_LENGTH, parse_label, parse_name
from app.lists.models import (
    LISTS_PER_HOUSEHOLD,
    Change,
    Changed,
    ItemResult,
    ListOutcome,
    Outcome,
    ShoppingList,
    View,
)
from app.lists.repository import Clock
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.runtime.batches import map_in_batches
from app.text import clean, fold

ClearableSetting = Literal["store", "currency", "category_order"]

CATEGORIES: Final = 100


@dataclass(frozen=True, slots=True)
class ListSettings:
    """What to set of a list; None leaves a setting as it is, and `clear` names those to clear."""

    name: str | None = None
    store: str | None = None
    currency: str | None = None
    category_order: Sequence[str] | None = None
    clear: Sequence[ClearableSetting] = ()
    archived: bool | None = None
    default: bool | None = None


async def save_list(
    tenant: Tenant,
    list_name: str | None,
    settings: ListSettings,
    *,
    copy_of: str | None = None,
    view: View | None = None,
) -> Changed:
    """Change the named list, or create one called `settings.name` when none is named.

    `copy_of` names a list whose settings the new one has where `settings` has none, and whose items in the view (open
    ones if left out) it has, all of them to be bought. `default` is the person's own setting.

    Raises `NotFound` for the list, `Invalid` for a setting, `Conflict` when another list has the name, and
    `LimitReached` when the household has too many.
    """
    if list_name is None and settings.name is None:
        raise Invalid("name is missing: name makes a new list, list changes an existing one.", field="name")
    if view is not None and copy_of is None:
        raise Invalid("copy_view says which items of copy_of to copy; name that list.", field="copy_view")
    if list_name is not None and copy_of is not None:
        raise Invalid("copy_of makes a new list: give its name, and leave list out.", field="copy_of")
    clock = await repository.read_clock(tenant)
    before = await resolve_list(tenant, list_name) if list_name is not None else None
    copied = await resolve_list(tenant, copy_of, field="copy_of") if copy_of is not None else None
    bare = before or ShoppingList(new_id(), clock.next_list, settings.name or "", clock.rev)
    if copied is not None:
        bare = replace(bare, store=copied.store, currency=copied.currency, category_order=copied.category_order)
    after = _with_settings(bare, settings, clock)
    if before is None:
        await refuse_another_list(tenant, "name")
    if before is None or after.name != before.name:
        await refuse_taken_name(tenant, after, "name")
    changes: list[AnyChange] = []
    if after != before:
        await repository.save_list(tenant, clock.rev, after)
        changes.append(ListChange(before, after))
    changes += await _choose_default(tenant, after, settings.default)
    status = "created" if before is None else "updated" if changes else "unchanged"
    entries = [ItemResult(after.name, ListOutcome(status, after, before=before))]
    if copied is not None:
        items = await copies_of_items(tenant, copied, after, view or "open", clock)
        new = await map_in_batches(lambda item: Change(None, item), items)
        event_no = await record_items(tenant, "save_list", clock, new, others=changes, about=after.id)
        entries += await map_in_batches(lambda item: ItemResult(item.name, Outcome("added", item)), items)
    else:
        event_no = await record_lists(tenant, "save_list", after, changes)
    rev = clock.rev if after != before else after.rev
    return Changed([after], rev, entries, event_no)


async def delete_list(tenant: Tenant, list_name: str, confirm_name: str) -> Changed:
    """Delete a list and everything on it; undo brings both back.

    Raises as `find_list_to_delete` does.
    """
    before = await find_list_to_delete(tenant, list_name, confirm_name)
    clock = await repository.read_clock(tenant)
    after = replace(before, deleted_at=clock.now)
    await repository.save_list(tenant, clock.rev, after)
    await repository.stamp_items(tenant, clock.rev, after.id)
    event_no = await record_lists(tenant, "delete_list", after, [ListChange(before, after)])
    return Changed([after], clock.rev, [ItemResult(after.name, ListOutcome("deleted", after))], event_no)


async def find_list_to_delete(tenant: Tenant, list_name: str, confirm_name: str | None) -> ShoppingList:
    """Return the named list, if it may be deleted.

    Raises `NotFound` for the list, `Invalid` when `confirm_name` is not its name, in whatever case, and `Conflict` for
    the last list.
    """
    found = await resolve_list(tenant, list_name)
    if confirm_name is not None and fold(clean(confirm_name, "confirm_name", NAME_LENGTH)) != fold(found.name):
        message = (
            f"confirm_name is not the name of {found.ref}. Give its full name to confirm that it is the right list."
        )
        raise Invalid(message, field="confirm_name")
    if await repository.count_lists(tenant) == 1:
        raise Conflict(
            "This is the last list, and a household keeps one. Make another list, or empty it.", field="list"
        )
    return found


async def refuse_another_list(tenant: Tenant, field: str) -> None:
    """Raise `LimitReached` when the household has all the lists it may have."""
    if await repository.count_lists(tenant) >= LISTS_PER_HOUSEHOLD:
        message = f"A household has at most {LISTS_PER_HOUSEHOLD} lists. Delete one that is no longer needed."
        raise LimitReached(message, field=field)


async def refuse_taken_name(tenant: Tenant, named: ShoppingList, field: str) -> None:
    """Raise `Conflict` when another list of the household has the name."""
    same = await repository.find_list(tenant, None, fold(named.name))
    if same is not None and same.id != named.id:
        message = "There is a list of that name already. Use it, or choose another name."
        raise Conflict(message, field=field, candidates=[f"{same.name} ({same.ref})"])


async def record_lists(tenant: Tenant, kind: str, about: ShoppingList, changes: Sequence[AnyChange]) -> int | None:
    """Record the event of changes to a list and return its number; None without changes."""
    if not changes:
        return None
    return await insert_event(tenant, kind, about.id, await as_json(changes))


def _with_settings(bare: ShoppingList, settings: ListSettings, clock: Clock) -> ShoppingList:
    values: dict[str, Any] = {}
    if settings.name is not None:
        values["name"] = parse_name(settings.name, "name")
        if values["name"] == ALL_LISTS:
            raise Invalid(f"name can't be {ALL_LISTS}: that means all lists.", field="name")
    if settings.store is not None:
        values["store"] = parse_label(settings.store, "store")
    if settings.currency is not None:
        values["currency"] = currency_code(settings.currency, "currency")
    if settings.category_order is not None:
        values["category_order"] = _categories(settings.category_order)
    for cleared in settings.clear:
        if cleared in values:
            raise Invalid(f"{cleared} is set and cleared at once; do one of the two.", field=cleared)
        values[cleared] = () if cleared == "category_order" else None
    if settings.archived is not None and settings.archived != (bare.archived_at is not None):
        values["archived_at"] = clock.now if settings.archived else None
    return replace(bare, **values)


def _categories(names: Sequence[str]) -> tuple[str, ...]:
    cleaned = [parse_label(name, f"category_order[{number}]") for number, name in enumerate(names)]
    first: dict[str, str] = {}
    for name in cleaned:
        first.setdefault(fold(name), name)
    return tuple(first.values())


async def _choose_default(tenant: Tenant, chosen: ShoppingList, default: bool | None) -> list[AnyChange]:
    person_id = tenant.actor.person_id
    before = await repository.default_list_of(tenant, person_id) if default is not None else None
    if default is None or default == (before == chosen.id):
        return []
    after = chosen.id if default else None
    await repository.set_default_list(tenant, person_id, after)
    return [DefaultChange(person_id, before, after)]
