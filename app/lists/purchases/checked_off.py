"""The purchases of items that a call checks off: where, at what price, and at what place of the shopping trip."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from app.db import new_id
from app.households.tenant import Actor, ProvenHousehold, Tenant
from app.lists.items.fields import Item
from app.lists.models import Change, Purchase, ShoppingList
from app.lists.purchases import repository as purchase_repository
from app.lists.repository import Clock
from app.text import fold


async def purchases_of(
    tenant: Tenant, items: Sequence[Item], lists: Sequence[ShoppingList], clock: Clock, store: str | None
) -> dict[UUID, Purchase]:
    """Return a purchase for each item, by the item's id; bought at `store`, else at the item's or its list's store."""
    list_of = {each.id: each for each in lists}
    stores = {item.id: _store_of(item, list_of[item.list_id], store) for item in items}
    named = [each for each in stores.values() if each is not None]
    before = await purchase_repository.bought_on_this_trip(tenant, named, clock.now) if named else {}
    places = _places(before, named)
    return {
        item.id: _purchase(
            item, list_of[item.list_id], stores[item.id], places, clock, tenant.actor, tenant.membership.currency
        )
        for item in items
    }


async def purchase_alone(
    household: ProvenHousehold, item: Item, on: ShoppingList, clock: Clock, store: str | None
) -> Purchase:
    """Return the purchase of one item, as `purchases_of` does; takes one message if it has a store, and none if not."""
    where = _store_of(item, on, store)
    named = [] if where is None else [where]
    before = await purchase_repository.bought_on_this_trip_alone(household, named, clock.now) if named else {}
    places = _places(before, named)
    return _purchase(item, on, where, places, clock, household.actor, household.membership.currency)


def _store_of(item: Item, on: ShoppingList, store: str | None) -> str | None:
    return store or item.store or on.store


def _places(before: Mapping[str, int], stores: Sequence[str]) -> dict[str, Decimal]:
    """Return the place on the trip of what is bought now, by folded store; `before` is how many things were bought.

    The items of one call have no order among themselves, so they share the middle of the places that they take.
    """
    buying = Counter(fold(store) for store in stores)
    return {key: before.get(key, 0) + Decimal(number - 1) / 2 for key, number in buying.items()}


def _purchase(
    item: Item,
    on: ShoppingList,
    store: str | None,
    places: Mapping[str, Decimal],
    clock: Clock,
    actor: Actor,
    currency: str,
) -> Purchase:
    return Purchase(
        id=new_id(),
        item_id=item.id,
        name=item.name,
        name_key=item.name_key,
        quantity=item.quantity,
        price=item.price,
        currency=on.currency or currency,
        store=store,
        bought_at=clock.now,
        bought_by=actor.person_id,
        place=places.get(fold(store or "")),
        category=item.category,
    )


async def unbought_alone(household: ProvenHousehold, item: Item) -> Purchase | None:
    """Return the purchase that unchecking an item takes back, in one message."""
    return _same_moment(item, await purchase_repository.last_purchase_alone(household, item.id))


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
