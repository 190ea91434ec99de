"""The purchases of items that a call checks off: where, at what price, and at what place of the shopping trip."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from app.db import new_id
from app.households.tenant import Tenant
from app.lists.items import purchase_repository
from app.lists.items.fields import Item
from app.lists.models import Change, Purchase, ShoppingList
from app.lists.repository import Clock
from app.text import fold


async def purchases_of(
    tenant: Tenant, items: Sequence[Item], lists: Sequence[ShoppingList], clock: Clock, store: str | None
) -> dict[UUID, Purchase]:
    """Return a purchase for each item, by the item's id; bought at `store`, else at the item's or its list's store."""
    list_of = {each.id: each for each in lists}
    stores = {item.id: store or item.store or list_of[item.list_id].store for item in items}
    places = await _places(tenant, clock, [each for each in stores.values() if each is not None])
    return {
        item.id: Purchase(
            id=new_id(),
            item_id=item.id,
            name=item.name,
            name_key=item.name_key,
            quantity=item.quantity,
            price=item.price,
            currency=list_of[item.list_id].currency or tenant.membership.currency,
            store=stores[item.id],
            bought_at=clock.now,
            bought_by=tenant.actor.person_id,
            place=places.get(fold(stores[item.id] or "")),
        )
        for item in items
    }


async def _places(tenant: Tenant, clock: Clock, stores: Sequence[str]) -> dict[str, Decimal]:
    """Return the place on the trip of what is bought now, by folded store.

    The items of one call have no order among themselves, so they share the middle of the places that they take.
    """
    if not stores:
        return {}
    before = await purchase_repository.bought_on_this_trip(tenant, stores, clock.now)
    buying = Counter(fold(store) for store in stores)
    return {key: before.get(key, 0) + Decimal(number - 1) / 2 for key, number in buying.items()}


async def with_unbought(tenant: Tenant, changes: Sequence[Change]) -> list[Change]:
    """Return the changes, each with the purchase that unchecking its item takes back.

    That is only the purchase from when it was last checked: what was bought before, and reopened since, was bought.
    """
    purchases = await purchase_repository.last_purchases(tenant, [change.after.id for change in changes])
    return [
        Change(change.before, change.after, unbought=_same_moment(change.before, purchases.get(change.after.id)))
        for change in changes
    ]


def _same_moment(before: Item | None, purchase: Purchase | None) -> Purchase | None:
    if before is None or purchase is None or purchase.bought_at != before.checked_at:
        return None
    return purchase
