"""Recording what a receipt says was bought: items that its lines name are checked off, and the rest is kept as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
from app.lists.items.fields import Item, due_day, parse_label
from app.lists.items.habit_repository import find_habits
from app.lists.items.repository import items_numbered
from app.lists.items.resolve import ref_number, resolve_items
from app.lists.models import Changed, ItemResult, Outcome, Purchase, PurchaseOutcome, RefusedEntry, ShoppingList, Status
from app.lists.purchases.receipt_lines import AnyEntry, Line, read_entry, text_of
from app.lists.purchases.repository import last_purchases, recorded_by
from app.lists.repository import Clock
from app.lists.resolve_list import resolve_list
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_texts
from app.text import fold

KIND: Final = "record_purchase"
"""The kind of its events."""

SAME_TRIP: Final = timedelta(days=1)
"""How far apart a receipt and what was checked off before may be, to be about the same purchase."""

OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What all lines of a receipt share."""

    store: str | None = None
    bought_at: datetime | None = None
    paid_by: str | None = None
    list: str | None = None


async def record_purchase(tenant: Tenant, entries: Sequence[AnyEntry], receipt: Receipt, *, dry_run: bool) -> Changed:
    """Record each line of a receipt; with `dry_run` nothing: then the result says what would be done.

    A line that names an open item checks it off. One that names an item checked off within `SAME_TRIP` sets the price
    of its purchase. One that names nothing becomes a purchase by itself, and one that fits several items fails.
    Raises `NotFound` and `Ambiguous` for the list and the person, and `Invalid` for the store and the date.
    """
    clock = await repository.read_clock(tenant)
    bought_at = day_of_receipt(receipt, clock)
    store = None if receipt.store is None else parse_label(receipt.store, "store")
    paid_by = await _paid_by(tenant, receipt.paid_by)
    on = await resolve_list(tenant, receipt.list)
    lines = await map_texts(
        lambda each: read_entry(each[1], each[0]), [*enumerate(entries)], lambda each: len(text_of(each[1]))
    )
    names = [RefusedEntry("", each) if isinstance(each, AppError) else each.said for each in lines]
    named = await resolve_items(tenant, names, receipt.list, field="items[{}].item")
    meant = await _latest_bought(tenant, named.items)
    items = [each for each in meant if isinstance(each, Item)]
    lists = await lists_of_call(tenant, on, items)
    recorder = _Recorder(tenant, on, lists, bought_at, store, paid_by, dry_run)
    await recorder.read(items, [each for each in lines if isinstance(each, Line)])
    results = [
        ItemResult(text_of(entry), line if isinstance(line, AppError) else recorder.record(line, item, entry))
        for entry, line, item in zip(entries, lines, meant, strict=True)
    ]
    event_no = None
    if not dry_run:
        changes = [
            replace(change, bought=recorder.bought[change.after.id]) for change in await recorder.edits.changes()
        ]
        event_no = await record_items(tenant, KIND, clock, changes, others=recorder.by_themselves, about=on.id)
    return Changed(lists, rev_after(clock, lists, event_no), results, event_no)


def day_of_receipt(receipt: Receipt, clock: Clock) -> datetime:
    """Return when it was. Raises `Invalid` for a day that can't be."""
    day = receipt.bought_at or clock.now
    if not OLDEST <= day <= clock.now + _AHEAD:
        raise Invalid("date must be a day since 1990, and not in the future.", field="date")
    return day


async def _latest_bought(tenant: Tenant, meant: Sequence[Item | AppError]) -> list[Item | AppError]:
    """Return what lines mean, with the item that was bought last in place of several of one name that were all bought:
    nobody has to choose among those. Several items with the name, none of them open, count as no match."""
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
        self._of_receipts = set[UUID]()
        self._categories: dict[str, str | None] = {}

    async def read(self, items: Sequence[Item], lines: Sequence[Line]) -> None:
        """Read what is known of the items that were found, and of the names of lines."""
        self.edits.add(items)
        self._before = await last_purchases(self._tenant, [item.id for item in items if not item.is_open])
        purchases = [each.id for each in self._before.values()]
        self._of_receipts = await recorded_by(self._tenant, KIND, purchases) if purchases else set[UUID]()
        habits = await find_habits(self._tenant, [merge_key(line.name) for line in lines])
        self._categories = {key: habit.category for key, habit in habits.items()}

    def record(self, line: Line, meant: Item | AppError, entry: AnyEntry) -> Outcome | PurchaseOutcome | AppError:
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

    def _check_off(self, item: Item, line: Line) -> Outcome:
        price = item.price if line.price is None else line.price
        purchase = self._purchase(line, item.name, item.name_key, item.category, self._lists[item.list_id], item.store)
        purchase = replace(purchase, item_id=item.id, quantity=line.quantity or item.quantity, price=price)
        after = replace(item, checked_at=self._bought_at, checked_by=purchase.bought_by, price=price)
        self.edits.put(after)
        self.bought[item.id] = purchase
        status: Status = "would_check" if self._dry_run else "checked"
        comes_back = due_day(self._bought_at, item.repeat_days, self._tenant.membership)
        return Outcome(status, after, before=item, bought=purchase, comes_back=comes_back)

    def _is_same(self, before: Purchase, line: Line) -> bool:
        """Whether a line is about a purchase that is on record: of the same trip, and not at another price on another
        receipt. A price that the item had before was an estimate."""
        is_near = abs(before.bought_at - self._bought_at) <= SAME_TRIP
        is_there = self._store is None or before.store is None or fold(self._store) == fold(before.store)
        is_estimate = before.price is None or before.id not in self._of_receipts
        return is_near and is_there and (is_estimate or line.price is None or before.price == line.price)

    def _complete(self, item: Item, before: Purchase, line: Line) -> Outcome:
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

    def _keep(self, line: Line, similar: Sequence[str]) -> PurchaseOutcome:
        key = merge_key(line.name)
        purchase = self._purchase(line, line.name, key, self._categories.get(key), self._on, None)
        self.by_themselves.append(PurchaseChange(None, purchase))
        return PurchaseOutcome("would_record" if self._dry_run else "recorded", purchase, similar=similar)

    def _purchase(
        self, line: Line, name: str, name_key: str, category: str | None, on: ShoppingList, store: str | None
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
