"""Who paid, and who owes whom: what was bought is shared equally, each currency by itself and to the cent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.households import repository as households
from app.households.finding import named_member
from app.households.tenant import Tenant
from app.lists.purchases.filter_repository import PurchaseFilter
from app.lists.purchases.filters import FilterNames, resolve_filter
from app.lists.purchases.settlement_repository import Settled, find_settled
from app.lists.purchases.spending_repository import Payment, find_payments

_CENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person paid and should have paid in one currency; `settled` is what they gave others, less what others
    gave them."""

    person_id: UUID
    currency: str
    paid: Decimal
    share: Decimal
    settled: Decimal = Decimal()

    @property
    def owed(self) -> Decimal:
        """What the person gets back; below zero what the person owes."""
        return self.paid - self.share + self.settled


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one person gives another so that both are even."""

    payer: UUID
    payee: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Balances:
    """Who paid what, and what evens it out, with the names of members and guests."""

    balances: Sequence[Balance]
    transfers: Sequence[Transfer]
    names: Mapping[UUID, str]


async def read_balances(tenant: Tenant, asked: FilterNames, between: Sequence[str]) -> Balances:
    """Return who owes whom for some purchases, shared by the members named in `between`, or by all of them. What was
    settled counts in a question about everything, or everything of a time.

    Raises what `resolve_filter` does, and `NotFound` or `Ambiguous` for a name in `between`.
    """
    wanted = await resolve_filter(tenant, asked)
    members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    named = [named_member(members, name, f"between[{number}]") for number, name in enumerate(between)]
    sharing = sorted({member.person_id for member in named or members})
    payments = await find_payments(tenant, wanted)
    is_about_all = wanted == PurchaseFilter(since=wanted.since, until=wanted.until)
    settled = await find_settled(tenant, wanted.since, wanted.until) if is_about_all else []
    balances = share_equally(payments, sharing, settled)
    payers = {each.person_id for each in (*payments, *settled)}
    names = await households.names_of(tenant.connection, tenant.household_id, payers)
    return Balances(balances, settle(balances), names)


def share_equally(
    payments: Sequence[Payment], sharing: Sequence[UUID], settled: Sequence[Settled] = ()
) -> list[Balance]:
    """Return the balance of everyone who paid, shares or settled, currency by currency. Cents that can't be split are
    those of the first among `sharing`, one each."""
    paid: Mapping[str, dict[UUID, Decimal]] = defaultdict(dict)
    for each in payments:
        paid[each.currency][each.person_id] = paid[each.currency].get(each.person_id, Decimal()) + each.total
    given: Mapping[str, dict[UUID, Decimal]] = defaultdict(dict)
    for each in settled:
        given[each.currency][each.person_id] = each.total
    balances: list[Balance] = []
    for currency in sorted({*paid, *given}):
        by_person, by_giver = paid[currency], given[currency]
        cents, left = divmod(int(sum(by_person.values()) * _CENTS), len(sharing))
        shares = {person: Decimal(cents + (number < left)) / _CENTS for number, person in enumerate(sharing)}
        everyone = [*sharing, *(person for person in {**by_person, **by_giver} if person not in shares)]
        balances += [
            Balance(
                person,
                currency,
                by_person.get(person, Decimal()),
                shares.get(person, Decimal()),
                by_giver.get(person, Decimal()),
            )
            for person in everyone
        ]
    return balances


def settle(balances: Sequence[Balance]) -> list[Transfer]:
    """Return transfers that even out all balances: each time, whoever owes most pays whoever is owed most. So each
    evens out at least one of the two, and there is one less than there are people at most."""
    transfers: list[Transfer] = []
    for currency in sorted({each.currency for each in balances}):
        owed: dict[UUID, Decimal] = {each.person_id: each.owed for each in balances if each.currency == currency}
        while any(owed.values()):
            payer = min(owed, key=lambda person: (owed[person], person))
            payee = max(owed, key=lambda person: (owed[person], person))
            amount = min(-owed[payer], owed[payee])
            transfers.append(Transfer(payer, payee, amount, currency))
            owed[payer] += amount
            owed[payee] -= amount
    return transfers
