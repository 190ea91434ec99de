"""Recording that somebody gave another one money, so that they owe less: `20 EUR` to Ada."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.db import new_id
from app.errors import AppError, Invalid
from app.households import repository as households
from app.households.currencies import CURRENCIES
from app.households.finding import named_member
from app.households.guest_repository import links_of
from app.households.guests import as_members
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import SettlementChange
from app.lists.history.event_recorder import record_items
from app.lists.items.fields import NAME_LENGTH, parse_price
from app.lists.models import Changed, ItemResult, RefusedEntry, Settlement, SettlementOutcome, Status
from app.lists.purchases.receipt_lines import AnyEntry, ReceiptEntry, text_of
from app.lists.purchases.record import Receipt, day_of_receipt
from app.lists.purchases.settlement_repository import insert_settlements
from app.lists.resolve_list import resolve_list
from app.quantities.receipt_line import read_receipt_line
from app.text import clean

KIND: Final = "settle_debt"
"""The kind of its events."""

_PAID: Final = "paid"


async def settle_debt(
    tenant: Tenant, entries: Sequence[AnyEntry], receipt: Receipt, paid_to: str, *, dry_run: bool
) -> Changed:
    """Record each amount that `receipt.paid_by`, or the caller, gave to `paid_to`; with `dry_run` nothing. Guests buy
    things, too, so they are among those who may be named.

    The currency is that of the list, as for what is bought from it. Raises `NotFound` and `Ambiguous` for the people
    and the list, and `Invalid` for a store, the date, or one person on both sides.
    """
    if receipt.store is not None:
        raise Invalid("With paid_to nothing was bought, so there is no store. Leave it out.", field="store")
    clock = await repository.read_clock(tenant)
    paid_at = day_of_receipt(receipt, clock)
    members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    guests = as_members(await links_of(tenant.connection, tenant.household_id, clock.now))
    payee = named_member([*members, *guests], paid_to, "paid_to")
    payer = named_member([*members, *guests], receipt.paid_by or "me", "paid_by")
    if payer.person_id == payee.person_id:
        raise Invalid("paid_by and paid_to are one person. Name who gave the money, and who got it.", field="paid_to")
    on = await resolve_list(tenant, receipt.list)
    currency = on.currency or tenant.membership.currency
    status: Status = "would_settle" if dry_run else "settled"

    def outcome_of(number: int, entry: AnyEntry) -> SettlementOutcome | AppError:
        try:
            amount = _amount_of(entry, f"items[{number}]", currency)
        except AppError as refusal:
            return refusal
        return SettlementOutcome(
            status, Settlement(new_id(), payer.person_id, payee.person_id, amount, currency, paid_at)
        )

    outcomes = [outcome_of(number, entry) for number, entry in enumerate(entries)]
    made = [each.settlement for each in outcomes if isinstance(each, SettlementOutcome)]
    event_no = None
    if made and not dry_run:
        await insert_settlements(tenant, made)
        event_no = await record_items(tenant, KIND, clock, [], others=[SettlementChange(None, each) for each in made])
    results = [ItemResult(text_of(entry), outcome) for entry, outcome in zip(entries, outcomes, strict=True)]
    names: dict[UUID, str] = {each.person_id: each.name for each in (payer, payee)}
    return Changed([], clock.rev, results, event_no, names=names)


def _amount_of(entry: AnyEntry, field: str, currency: str) -> Decimal:
    if isinstance(entry, RefusedEntry):
        raise entry.refusal
    if isinstance(entry, ReceiptEntry) and entry.price is not None:
        amount = entry.price
    else:
        text = clean(text_of(entry), field, NAME_LENGTH)
        others = [each for each in re.findall(r"[A-Z]{3}", text.upper()) if each in CURRENCIES and each != currency]
        if others:
            message = f"{field} is in {others[0]}, and this list in {currency}. Name a list in {others[0]}."
            raise Invalid(message, field=field)
        found = read_receipt_line(f"{_PAID} {text} EUR")  # so that a number without cents is a price as well
        if found.price is None or found.text != _PAID:
            raise Invalid(f"{field} must be an amount such as 20 {currency}, when there is paid_to.", field=field)
        amount = found.price
    if amount <= 0:
        raise Invalid(f"{field} must be above zero. If the money went the other way, swap the people.", field=field)
    return parse_price(amount, field)
