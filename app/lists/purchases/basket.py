"""What the open items of a list would cost at each store, by what the household paid there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from app.households.tenant import Tenant
from app.lists import repository
from app.lists.items.fields import Item
from app.lists.models import ShoppingList
from app.lists.purchases.basket_repository import KnownPrice, find_newest_prices, find_open_items
from app.lists.resolve_list import resolve_list
from app.quantities import Quantity
from app.quantities.prices import to_cents
from app.runtime.batches import map_in_batches

MOST_ITEMS: Final = 200
"""The most open items of a list that are priced, in its order."""

MOST_STORES: Final = 50
"""The most stores that are compared, each in one currency."""


@dataclass(frozen=True, slots=True)
class PricedItem:
    """What an item would cost, by a price that is `days` old; `quantity` is what that is for, where an amount is
    known."""

    name: str
    quantity: Quantity | None
    price: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class StoreBasket:
    """What a list would cost at one store, in one currency: the items with a price there, and the others by name."""

    store: str
    currency: str
    total: Decimal
    items: Sequence[PricedItem]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Basket:
    """What a list would cost at each store; of more than `MOST_ITEMS` open items, `is_cut`."""

    on: ShoppingList
    items: int
    stores: Sequence[StoreBasket]
    is_cut: bool


async def price_basket(tenant: Tenant, list_name: str | None) -> Basket:
    """Return what the open items of a list would cost, first at the store that has most of them, then the cheapest.

    Raises what `resolve_list` does.
    """
    on = await resolve_list(tenant, list_name)
    now = (await repository.read_clock(tenant)).now
    wanted = await find_open_items(tenant, on.id, tenant.membership.day_of(now), MOST_ITEMS + 1)
    items = wanted[:MOST_ITEMS]
    prices = await find_newest_prices(tenant, {item.name_key for item in items}) if items else []
    return Basket(on, len(items), await compare_stores(items, prices, now), len(wanted) > len(items))


async def compare_stores(items: Sequence[Item], prices: Sequence[KnownPrice], now: datetime) -> list[StoreBasket]:
    """Return what items cost at each store and in each currency, by the newest prices; at the `MOST_STORES` of which
    most prices are known.

    Only prices of the same measure compare: of weights, volumes, pieces or one kind of packs, as price per amount. An
    item without an amount is as much as was bought of it last, so that every store is asked for the same.
    """
    newest: dict[str, KnownPrice] = {}
    at_stores: Mapping[tuple[str, str], dict[tuple[str, str], KnownPrice]] = defaultdict(dict)
    named: dict[str, KnownPrice] = {}
    for each in prices:
        newest[each.name_key] = _newer(each, newest.get(each.name_key))
        named[each.store_key] = _newer(each, named.get(each.store_key))
        at_stores[each.store_key, each.currency][each.name_key, each.measure] = each
    best_known = sorted(at_stores, key=lambda key: (-len(at_stores[key]), key))[:MOST_STORES]
    baskets: list[StoreBasket] = []
    for store_key, currency in best_known:
        known = at_stores[store_key, currency]
        found = await map_in_batches(partial(_price, newest=newest, known=known, now=now), items)
        priced = [each for each in found if each is not None]
        missing = [item.name for item, each in zip(items, found, strict=True) if each is None]
        total = sum((each.price for each in priced), Decimal())
        if priced:
            baskets.append(StoreBasket(named[store_key].store, currency, total, priced, missing))
    return sorted(baskets, key=lambda each: (-len(each.items), each.currency, each.total, each.store))


def _newer(one: KnownPrice, other: KnownPrice | None) -> KnownPrice:
    return one if other is None or (one.bought_at, one.id) > (other.bought_at, other.id) else other


def _price(
    item: Item, newest: Mapping[str, KnownPrice], known: Mapping[tuple[str, str], KnownPrice], now: datetime
) -> PricedItem | None:
    last = newest.get(item.name_key)
    if last is None:
        return None
    quantity = item.quantity
    if quantity is None and last.amount is not None:
        quantity = Quantity(last.measure, last.amount, last.unit)
    price = known.get((item.name_key, "none" if quantity is None else quantity.measure))
    if price is None:
        return None
    paid = price.price
    if quantity is not None and price.amount is not None:
        paid = to_cents(paid * quantity.amount / price.amount)
    return PricedItem(item.name, quantity, paid, max(0, (now - price.bought_at) // timedelta(days=1)))
