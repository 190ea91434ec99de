"""The items that a call means by what they have in common: a store, a category, a person, or a state."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from itertools import islice
from typing import Final

from app.errors import Ambiguous, Invalid, LimitReached, NotFound
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.items import filter_repository
from app.lists.items.candidates import CANDIDATES
from app.lists.items.fields import Item, parse_assignee, parse_label
from app.lists.models import ITEMS_PER_LIST, ShoppingList, View
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.quantities.matching import Matcher, loosen, similar
from app.runtime.batches import map_in_batches
from app.text import fold

_COMPARED: Final = 200
"""The most values that are compared with one that no item has."""


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What items have in common, as a call says it; None for what makes no difference.

    `store` is the item's own or else its list's, as in `list_items`; `view` is their state.
    """

    store: str | None = None
    category: str | None = None
    assignee: str | None = None
    view: View | None = None

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return any(each is not None for each in astuple(self))


NO_FILTER: Final = ItemFilter()


def require_names_or_filter(names: Collection[object] | None, by: ItemFilter) -> None:
    """Raise `Invalid` unless items are either named or described."""
    if (names is None) != bool(by):
        message = "items or where_: name items, or describe them with where_ and view (view=all: every item), not both."
        raise Invalid(message, field="items")


async def find_matching(
    tenant: Tenant, by: ItemFilter, list_name: str | None
) -> tuple[ShoppingList | None, list[Item]]:
    """Return the items that a filter fits, in their order, and the named or else the default list; None for `*`.

    Raises `NotFound` for the list, the person, and a store or category that no item there has; `Invalid` for a value;
    and `LimitReached` for more items than a list can hold.
    """
    on = None if list_name == ALL_LISTS else await resolve_list(tenant, list_name)
    list_ids = [each.id for each in await repository.all_lists(tenant)] if on is None else [on.id]
    stores = categories = assignee_id = None
    if by.store is not None:
        stores = await spellings_of(by.store, await filter_repository.stores_on(tenant, list_ids), "where_store")
    if by.category is not None:
        categories = await spellings_of(
            by.category, await filter_repository.categories_on(tenant, list_ids), "where_category"
        )
    if by.assignee is not None:
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
        assignee_id = parse_assignee(by.assignee, "where_assignee", members)
    found = await filter_repository.items_with(
        tenant, list_ids, stores, categories, assignee_id, by.view or "all", most=ITEMS_PER_LIST + 1
    )
    if len(found) > ITEMS_PER_LIST:
        message = f"That is more than {ITEMS_PER_LIST:,} items. Do it list by list."
        raise LimitReached(message, field="list")
    return on, found


async def spellings_of(name: str, in_use: Collection[str], field: str) -> list[str]:
    """Return the values in use that a name means: one, as it is written here and there.

    Raises `NotFound` and `Ambiguous` with candidates, and `Invalid` for a name that none can have.
    """
    key = fold(parse_label(name, field))
    folded = dict(zip(in_use, await map_in_batches(fold, in_use), strict=True))
    found = [value for value, each in folded.items() if each == key]
    if found:
        return found
    distinct = sorted(set(folded.values()))
    matcher = Matcher[str]()
    await map_in_batches(lambda each: matcher.add(loosen(each), each), distinct)
    meant = matcher.find(loosen(key), CANDIDATES)
    if len(meant) == 1:
        return [value for value, each in folded.items() if each == meant[0]]
    if meant:
        message = f"{field} fits several. Use one of the candidates."
        raise Ambiguous(
            message, field=field, candidates=[v for v, each in sorted(folded.items()) if each in meant][:CANDIDATES]
        )
    compared = dict(islice(sorted(folded.items()), _COMPARED))
    near = similar(key, set(compared.values()), CANDIDATES)
    candidates = [value for value, each in compared.items() if each in near] or list(compared)
    message = f"{field}: no item there has it. Use one of the candidates, or another list."
    raise NotFound(message, field=field, candidates=candidates[:CANDIDATES])
