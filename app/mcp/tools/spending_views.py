"""What was bought and spent, as `get_spending` shows it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from app.households.models import FORMER_MEMBER
from app.lists.models import Purchase
from app.lists.purchases.balances import Balance, Balances, Transfer
from app.lists.purchases.basket import PricedItem, StoreBasket
from app.lists.purchases.queries import BoughtThing, usual_interval
from app.lists.purchases.query_repository import UsualThing
from app.lists.purchases.spending_repository import Statistics
from app.mcp.argument_types import as_number


class StatisticsView(BaseModel):
    """What was paid, in one currency."""

    group: str | None = Field(default=None, description="Absent: no store or category; someone who left")
    currency: str
    count: int
    total: float | int
    mean: float | int
    median: float | int
    stdev: float | int | None = Field(default=None, description="Of the sample; absent for one price")
    min: float | int
    max: float | int

    @classmethod
    def of(cls, each: Statistics) -> "StatisticsView":
        """Return the view of statistics."""
        return cls(
            group=each.label,
            currency=each.currency,
            count=each.count,
            total=as_number(each.total),
            mean=as_number(each.mean),
            median=as_number(each.median),
            stdev=None if each.stdev is None else as_number(each.stdev),
            min=as_number(each.min),
            max=as_number(each.max),
        )


class PriceView(BaseModel):
    """One purchase of the item."""

    at: str
    price: float | int
    currency: str
    quantity: str | None = None
    store: str | None = None

    @classmethod
    def of(cls, purchase: Purchase, zone: ZoneInfo) -> "PriceView":
        """Return the view of a purchase with a price."""
        return cls(
            at=purchase.bought_at.astimezone(zone).isoformat(timespec="seconds"),
            price=as_number(purchase.price or Decimal()),
            currency=purchase.currency,
            quantity=None if purchase.quantity is None else str(purchase.quantity),
            store=purchase.store,
        )


class PurchaseView(BaseModel):
    """One purchase; `times` is how often the thing was bought in all."""

    name: str
    ref: str | None = None
    at: str
    quantity: str | None = None
    store: str | None = None
    price: float | int | None = None
    currency: str | None = None
    by: str
    paid_by: str | None = None
    times: int

    @classmethod
    def of(cls, bought: BoughtThing, names: Mapping[UUID, str], zone: ZoneInfo) -> "PurchaseView":
        """Return the view of a purchase."""
        purchase = bought.purchase
        return cls(
            name=purchase.name,
            ref=None if bought.item_no is None else f"i{bought.item_no}",
            at=purchase.bought_at.astimezone(zone).isoformat(timespec="minutes"),
            quantity=None if purchase.quantity is None else str(purchase.quantity),
            store=purchase.store,
            price=None if purchase.price is None else as_number(purchase.price),
            currency=None if purchase.price is None else purchase.currency,
            by=names.get(purchase.bought_by, FORMER_MEMBER),
            paid_by=None if purchase.paid_by is None else names.get(purchase.paid_by, FORMER_MEMBER),
            times=bought.times,
        )


class UsualView(BaseModel):
    """A thing that is bought again and again and is on no list."""

    name: str
    times: int
    last: str
    every_days: int

    @classmethod
    def of(cls, thing: UsualThing, zone: ZoneInfo) -> "UsualView":
        """Return the view of a thing."""
        last = thing.last.astimezone(zone).date().isoformat()
        return cls(name=thing.name, times=thing.times, last=last, every_days=usual_interval(thing))


class PricedItemView(BaseModel):
    """What an item would cost, by a price of so many days ago."""

    name: str
    quantity: str | None = None
    price: float | int
    days: int

    @classmethod
    def of(cls, item: PricedItem) -> "PricedItemView":
        """Return the view of an item."""
        quantity = None if item.quantity is None else str(item.quantity)
        return cls(name=item.name, quantity=quantity, price=as_number(item.price), days=item.days)


class StoreView(BaseModel):
    """What a list would cost at one store."""

    store: str
    currency: str
    total: float | int
    covered: int
    items: Sequence[PricedItemView]
    missing: Sequence[str] | None = None

    @classmethod
    def of(cls, basket: StoreBasket) -> "StoreView":
        """Return the view of a store."""
        return cls(
            store=basket.store,
            currency=basket.currency,
            total=as_number(basket.total),
            covered=len(basket.items),
            items=[PricedItemView.of(each) for each in basket.items],
            missing=basket.missing or None,
        )

    def shortened(self, share: float) -> "StoreView":
        """Return the view with that share of its items."""
        missing = self.missing and self.missing[: int(len(self.missing) * share)]
        return self.model_copy(update={"items": self.items[: int(len(self.items) * share)], "missing": missing})


class BalanceView(BaseModel):
    """What a person paid, should have paid, gave others less what they were given, and gets back; below zero, owes."""

    person: str
    currency: str
    paid: float | int
    share: float | int
    settled: float | int | None = None
    balance: float | int

    @classmethod
    def of(cls, each: Balance, names: Mapping[UUID, str]) -> "BalanceView":
        """Return the view of a balance."""
        return cls(
            person=names.get(each.person_id, FORMER_MEMBER),
            currency=each.currency,
            paid=as_number(each.paid),
            share=as_number(each.share),
            settled=as_number(each.settled) if each.settled else None,
            balance=as_number(each.owed),
        )


class TransferView(BaseModel):
    """What one person gives another."""

    payer: str
    payee: str
    amount: float | int
    currency: str

    @classmethod
    def of(cls, each: Transfer, names: Mapping[UUID, str]) -> "TransferView":
        """Return the view of a transfer."""
        payer, payee = names.get(each.payer, FORMER_MEMBER), names.get(each.payee, FORMER_MEMBER)
        return cls(payer=payer, payee=payee, amount=as_number(each.amount), currency=each.currency)


def balance_views(found: Balances) -> tuple[list[BalanceView], list[TransferView]]:
    """Return the views of balances and of what evens them out."""
    return (
        [BalanceView.of(each, found.names) for each in found.balances],
        [TransferView.of(each, found.names) for each in found.transfers],
    )
