"""Recording what a receipt says was bought: items that its lines name are checked off, and the rest is kept as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.db import new_id
from app.errors import Ambiguous, AppError, Invalid, NotFound
from app.households import repository as households
from app.households.finding import named_member
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import AnyChange, PurchaseChange
from app.lists.history.event_recorder import lists_of_call, record_items, rev_after
from app.lists.items.edits import Edits
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, Item, due_day, parse_label, parse_price, parse_quantity
from app.lists.items.habit_repository import find_habits
from app.lists.items.repository import items_numbered
from app.lists.items.resolve import ref_number, resolve_items
from app.lists.models import Changed, ItemResult, Outcome, Purchase, PurchaseOutcome, RefusedEntry, ShoppingList, Status
from app.lists.purchases.repository import last_purchases
from app.lists.resolve_list import resolve_list
from app.quantities import Quantity, parse_phrase
from app.quantities.merge_key import merge_key
from app.quantities.receipt_line import read_receipt_line
from app.text import clean, fold

SAME_TRIP: Final = timedelta(days=1)
"""How far apart a receipt and what was checked off before may be, to be about the same purchase."""

OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """What was bought, in its parts; `price` is of the whole line."""

    item: str
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What all lines of a receipt share."""

    store: str | None = None
    bought_at: datetime | None = None
    paid_by: str | None = None
    list: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, read: the text that names an item, and what a purchase without one would be called."""

    said: str
    name: str
    quantity: Quantity | None
    price: Decimal | None


async def record_purchase(
    tenant: Tenant, entries: Sequence[str | ReceiptEntry | RefusedEntry], receipt: Receipt, *, dry_run: bool
) -> Changed:
    """Record each line of a receipt; with `dry_run` nothing: then the result says what would be done.

    A line that names an open item checks it off. One that names an item bought within `SAME_TRIP` sets the price that
    its purchase lacks. One that names nothing becomes a purchase by itself, and one that fits several items fails.
    Raises `NotFound` and `Ambiguous` for the list and the person, and `Invalid` for the store and the date.
    """
    clock = await repository.read_clock(tenant)
    bought_at = receipt.bought_at or clock.now
    if not OLDEST <= bought_at <= clock.now + _AHEAD:
        raise Invalid("date must be a day since 1990, and not in the future.", field="date")
    store = None if receipt.store is None else parse_label(receipt.store, "store")
    paid_by = await _paid_by(tenant, receipt.paid_by)
    on = await resolve_list(tenant, receipt.list)
    lines = [_read(entry, number) for number, entry in enumerate(entries)]
    names = [RefusedEntry("", each) if isinstance(each, AppError) else each.said for each in lines]
    named = await resolve_items(tenant, names, receipt.list, field="items[{}].item")
    meant = await _latest_bought(tenant, named.items)
    items = [each for each in meant if isinstance(each, Item)]
    lists = await lists_of_call(tenant, on, items)
    recorder = _Recorder(tenant, on, lists, bought_at, store, paid_by, dry_run)
    await recorder.read(items, [each for each in lines if isinstance(each, _Line)])
    results = [
        ItemResult(_sent(entry), line if isinstance(line, AppError) else recorder.record(line, item, entry))
        for entry, line, item in zip(entries, lines, meant, strict=True)
    ]
    event_no = None
    if not dry_run:
        changes = [
            replace(change, bought=recorder.bought[change.after.id]) for change in await recorder.edits.changes()
        ]
        event_no = await record_items(
            tenant, "record_purchase", clock, changes, others=recorder.by_themselves, about=on.id
        )
    return Changed(lists, rev_after(clock, lists, event_no), results, event_no)


async def _latest_bought(tenant: Tenant, meant: Sequence[Item | AppError]) -> list[Item | AppError]:
    """Return what lines mean, with the item that was bought last in place of several of one name that were all bought:
    nobody has to choose among those. Several names of which none is open are as good as none."""
    numbers = {
        number: [found for ref in each.options if (found := ref_number(ref)) is not None]
        for number, each in enumerate(meant)
        if isinstance(each, Ambiguous)
    }
    items = await items_numbered(tenant, {no for several in numbers.values() for no in several}) if numbers else {}
    chosen = list(meant)
    for number, several in numbers.items():
        candidates = [items[no] for no in several]
        refusal = meant[number]
        if any(item.is_open for item in candidates) or not isinstance(refusal, AppError):
            continue
        if len({item.name_key for item in candidates}) == 1:
            chosen[number] = max(candidates, key=lambda item: (item.checked_at or OLDEST, item.no))
        else:
            chosen[number] = NotFound(refusal.message, field=refusal.field, candidates=refusal.candidates)
    return chosen


async def _paid_by(tenant: Tenant, name: str | None) -> UUID | None:
    if name is None:
        return None
    members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    payer = named_member(members, name, "paid_by").person_id
    return None if payer == tenant.actor.person_id else payer


def _sent(entry: str | ReceiptEntry | RefusedEntry) -> str:
    if isinstance(entry, ReceiptEntry):
        return entry.item
    return entry if isinstance(entry, str) else entry.name


def _read(entry: str | ReceiptEntry | RefusedEntry, number: int) -> _Line | AppError:
    field = f"items[{number}]"
    if isinstance(entry, RefusedEntry):
        return entry.refusal
    try:
        return _read_text(entry, field) if isinstance(entry, str) else _read_parts(entry, field)
    except AppError as refusal:
        return refusal


def _read_text(entry: str, field: str) -> _Line:
    found = read_receipt_line(clean(entry, field, NAME_LENGTH + NOTE_LENGTH))
    phrase = parse_phrase(found.text)
    quantity = phrase.quantity
    if found.number is not None and quantity is None:
        quantity = parse_quantity(found.number, None, field)
    elif found.number is not None and quantity is not None:
        quantity = quantity.times(found.number) or quantity
    return _Line(found.text, clean(phrase.name, field, NAME_LENGTH), quantity, _price(found.price, field))


def _read_parts(entry: ReceiptEntry, field: str) -> _Line:
    said = clean(entry.item, f"{field}.item", NAME_LENGTH + NOTE_LENGTH)
    phrase = parse_phrase(said)
    quantity = phrase.quantity
    unit = None if entry.unit is None else parse_label(entry.unit, f"{field}.unit")
    if entry.quantity is not None or unit is not None:
        number = Decimal(1) if entry.quantity is None else entry.quantity
        quantity = parse_quantity(number, unit, f"{field}.quantity")
    name = clean(phrase.name, f"{field}.item", NAME_LENGTH)
    return _Line(said, name, quantity, _price(entry.price, f"{field}.price"))


def _price(price: Decimal | None, field: str) -> Decimal | None:
    if price is not None and price < 0:
        message = f"{field} is below zero: refunds and discounts are not recorded. Take it off the price of its item."
        raise Invalid(message, field=field)
    return None if price is None else parse_price(price, field)


class _Recorder:
    """What becomes of the lines of one receipt, worked out line by line."""

    def __init__(
        self,
        tenant: Tenant,
        on: ShoppingList,
        lists: Sequence[ShoppingList],
        bought_at: datetime,
        store: str | None,
        paid_by: UUID | None,
        dry_run: bool,
    ) -> None:
        self.edits = Edits(())
        self.bought: dict[UUID, Purchase] = {}
        self.by_themselves: list[AnyChange] = []
        self._lists = {each.id: each for each in [on, *lists]}
        self._on, self._store, self._dry_run = on, store, dry_run
        self._currency = tenant.membership.currency
        self._tenant, self._bought_at, self._paid_by = tenant, bought_at, paid_by
        self._done: set[UUID] = set()
        self._before: Mapping[UUID, Purchase] = {}
        self._categories: dict[str, str | None] = {}

    async def read(self, items: Sequence[Item], lines: Sequence[_Line]) -> None:
        """Read what is known of the items that were found, and of the names of lines."""
        self.edits.add(items)
        self._before = await last_purchases(self._tenant, [item.id for item in items if not item.is_open])
        habits = await find_habits(self._tenant, [merge_key(line.name) for line in lines])
        self._categories = {key: habit.category for key, habit in habits.items()}

    def record(
        self, line: _Line, meant: Item | AppError, entry: str | ReceiptEntry | RefusedEntry
    ) -> Outcome | PurchaseOutcome | AppError:
        """Return what becomes of a line that means an item, or none."""
        if isinstance(meant, NotFound) and ref_number(line.name) is None:
            return self._keep(line, meant.candidates)
        if isinstance(meant, AppError):
            # An answer would take the place of the whole text, and of the price in it.
            return _without_options(meant) if isinstance(entry, str) else meant
        if meant.id in self._done:
            return self._keep(replace(line, name=meant.name), ())
        before = self._before.get(meant.id)
        if meant.is_open:
            self._done.add(meant.id)
            return self._check_off(meant, line)
        if before is not None and self._is_same(before, line):
            self._done.add(meant.id)
            return self._complete(meant, before, line)
        is_called_so = meant.name_key == merge_key(line.name) or ref_number(line.name) is not None
        return self._keep(replace(line, name=meant.name) if is_called_so else line, ())

    def _check_off(self, item: Item, line: _Line) -> Outcome:
        price = item.price if line.price is None else line.price
        purchase = self._purchase(line, item.name, item.name_key, item.category, self._lists[item.list_id], item.store)
        purchase = replace(purchase, item_id=item.id, quantity=line.quantity or item.quantity, price=price)
        after = replace(item, checked_at=self._bought_at, checked_by=purchase.bought_by, price=price)
        self.edits.put(after)
        self.bought[item.id] = purchase
        status: Status = "would_check" if self._dry_run else "checked"
        comes_back = due_day(self._bought_at, item.repeat_days, self._tenant.membership)
        return Outcome(status, after, before=item, bought=purchase, comes_back=comes_back)

    def _is_same(self, before: Purchase, line: _Line) -> bool:
        """Whether a line is about a purchase that is on record: of the same trip, without a price or at the same."""
        is_near = abs(before.bought_at - self._bought_at) <= SAME_TRIP
        is_there = self._store is None or before.store is None or fold(self._store) == fold(before.store)
        return is_near and is_there and (before.price is None or line.price is None or before.price == line.price)

    def _complete(self, item: Item, before: Purchase, line: _Line) -> Outcome:
        after = replace(
            before,
            price=before.price if line.price is None else line.price,
            quantity=line.quantity or before.quantity,
            store=self._store or before.store,
            paid_by=before.paid_by if self._paid_by is None else self._paid_by,
        )
        if after == before:
            return Outcome("unchanged", item)
        self.by_themselves.append(PurchaseChange(before, after))
        return Outcome("would_update" if self._dry_run else "updated", item, bought=after)

    def _keep(self, line: _Line, similar: Sequence[str]) -> PurchaseOutcome:
        key = merge_key(line.name)
        purchase = self._purchase(line, line.name, key, self._categories.get(key), self._on, None)
        self.by_themselves.append(PurchaseChange(None, purchase))
        return PurchaseOutcome("would_record" if self._dry_run else "recorded", purchase, similar=similar)

    def _purchase(
        self, line: _Line, name: str, name_key: str, category: str | None, on: ShoppingList, store: str | None
    ) -> Purchase:
        return Purchase(
            id=new_id(),
            item_id=None,
            name=name,
            name_key=name_key,
            quantity=line.quantity,
            price=line.price,
            currency=on.currency or self._currency,
            store=self._store or store or on.store,
            bought_at=self._bought_at,
            bought_by=self._tenant.actor.person_id,
            category=category,
            paid_by=self._paid_by,
        )


def _without_options(refusal: AppError) -> AppError:
    if not isinstance(refusal, Ambiguous):
        return refusal
    return Ambiguous(refusal.message, field=refusal.field or "items", candidates=refusal.candidates)
