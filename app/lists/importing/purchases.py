"""Purchases in the data of another product, as they are kept without an item."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from app.db import new_id
from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists.history.changes import PurchaseChange
from app.lists.importing.models import Entry
from app.lists.models import Purchase, ShoppingList
from app.lists.purchases.record import Receipt, day_of_receipt
from app.lists.purchases.repository import purchases_at
from app.lists.repository import Clock
from app.text import fold

_Seen = tuple[str, datetime, str | None, Decimal | None, Decimal | None, str | None]


class PurchasePlanner:
    """The purchases that an import records. One that is on record already, as after the import of an older copy of the
    same data, is skipped; two that are the same in the data are two."""

    def __init__(self, tenant: Tenant, on: ShoppingList, clock: Clock) -> None:
        self.changes: list[PurchaseChange] = []
        self._tenant, self._on, self._clock = tenant, on, clock
        self._recorded: Counter[_Seen] = Counter()

    async def read_recorded(self, entries: Sequence[Entry]) -> None:
        """Read which purchases are on record of the days and things in the data."""
        bought = [
            (each.item.name_key, self._midnight(each.bought_on)) for each in entries if each.bought_on is not None
        ]
        if bought:
            names, times = {name for name, _ in bought}, {moment for _, moment in bought}
            self._recorded.update(map(_seen, await purchases_at(self._tenant, names, times)))

    def add(self, entry: Entry, day: date) -> str:
        """Plan a purchase, and return what becomes of it. Raises `Invalid` for a day that can't be."""
        item = entry.item
        try:
            bought_at = day_of_receipt(Receipt(bought_at=self._midnight(day)), self._clock)
        except Invalid:
            raise Invalid("the day must be since 1990, and not in the future", field="bought_on") from None
        purchase = Purchase(
            id=new_id(),
            item_id=None,
            name=item.name,
            name_key=item.name_key,
            quantity=item.quantity,
            price=item.price,
            currency=self._on.currency or self._tenant.membership.currency,
            store=item.store,
            bought_at=bought_at,
            bought_by=self._tenant.actor.person_id,
            category=item.category,
        )
        seen = _seen(purchase)
        if self._recorded[seen]:
            self._recorded[seen] -= 1
            return "skipped"
        self.changes.append(PurchaseChange(None, purchase))
        return "purchases"

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._tenant.membership.zone)


def _seen(purchase: Purchase) -> _Seen:
    quantity, store = purchase.quantity, purchase.store
    measure, amount = (None, None) if quantity is None else (quantity.measure, quantity.amount)
    return (
        purchase.name_key,
        purchase.bought_at,
        measure,
        amount,
        purchase.price,
        None if store is None else fold(store),
    )
