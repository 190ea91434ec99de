"""Sharing one list with a guest who has no account, and what the guest may do: see it, and mark what they bought."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.errors import AppError, NotFound
from app.households import guests
from app.households.guests import NewGuestLink
from app.households.models import GuestMay
from app.households.tenant import Tenant
from app.lists import queries, repository
from app.lists.items.check import check_items
from app.lists.items.repository import items_numbered
from app.lists.models import ShoppingList
from app.lists.queries import Page
from app.lists.resolve_list import resolve_list

_ITEM_REF: Final = re.compile(r"i(\d{1,9})")


async def share_list(
    tenant: Tenant, list_name: str | None, name: str, may: GuestMay, now: datetime, *, hours: int
) -> tuple[NewGuestLink, ShoppingList]:
    """Make a link to the named or else the default list, for a guest called `name`.

    Raises `NotFound` and `Ambiguous` for the list, and what `make_link` raises.
    """
    shared = await resolve_list(tenant, list_name)
    made = await guests.make_link(
        tenant.connection, tenant.household_id, shared.id, name, may, now, by=tenant.actor.person_id, hours=hours
    )
    return made, shared


async def find_shared_list(tenant: Tenant) -> ShoppingList:
    """Return the list that the guest who is acting sees. Raises `NotFound` when it was deleted."""
    only = tenant.actor.only_list
    found = None if only is None else (await repository.lists_with(tenant, {only})).get(only)
    if found is None or found.deleted_at is not None:
        raise NotFound(guests.NO_LINK)
    return found


async def read_shared_list(tenant: Tenant, request: queries.Request) -> Page:
    """Return a page of the guest's list, whatever list `request` names.

    Raises `NotFound` when the list was deleted, and `Invalid` for the query and the cursor.
    """
    shared = await find_shared_list(tenant)
    page = await queries.read_items(tenant, replace(request, list=shared.ref))
    if page.list is None or page.list.id != shared.id:
        raise NotFound(guests.NO_LINK)
    return page


async def tick_item(tenant: Tenant, code: str, ref: str, now: datetime, *, checked: bool) -> None:
    """Mark an item of the guest's list as bought, or as not bought after all.

    The link is looked up under the household's write lock: one that was ended before changes nothing.
    Raises `NotFound` for the link and the item.
    """
    link = await guests.find_by_code(tenant.connection, code, now)
    shared = await find_shared_list(tenant)
    named = _ITEM_REF.fullmatch(ref)
    number = 0 if named is None else int(named[1])
    item = (await items_numbered(tenant, [number])).get(number)
    if item is None or item.list_id != shared.id or item.deleted_at is not None or link.list_id != shared.id:
        raise NotFound("That is no longer on this list.", field="item")
    changed = await check_items(tenant, [item.ref], shared.ref, checked=checked, store=None)
    for entry in changed.entries:
        if isinstance(entry.result, AppError):
            raise entry.result
